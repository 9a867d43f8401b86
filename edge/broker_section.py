"""`[broker]` of the gateway's configuration: where the broker is, and whether this gateway shows a certificate."""

import re

from edge.section import Section
from protocols.configuration import ConfigurationError

_BROKER_URL = re.compile(r"(?P<scheme>mqtts?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:(?P<port>\d{1,5}))?/?")
_BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Broker(Section, frozen=True):
    url: str = "mqtt://127.0.0.1:1883"
    """`mqtts://HOST:PORT`: by TLS, with the certificate of this gateway's identity."""
    identity: str = "identity"
    """Folder that `doorstep-edge enrol` fills; a relative path starts at `data`."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        match = _BROKER_URL.fullmatch(self.url)
        port = 0 if match is None else int(match["port"] or _BROKER_PORTS[match["scheme"]])
        if match is None or not 0 < port < 65536:
            raise ConfigurationError(f"broker.url: expected mqtts://HOST:PORT or mqtt://HOST:PORT, got {self.url!r}")
        return match["host"].strip("[]"), port

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("mqtts:")
