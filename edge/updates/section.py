"""`[updates]` of the gateway's configuration: whose releases may run here. Only `release` can be set from afar."""

import re

from edge.section import Positive, Section
from protocols.configuration import ConfigurationError

_PUBLIC_KEY = re.compile(r"[0-9A-Fa-f]{64}")


class Updates(Section, frozen=True):
    release_key: str = ""
    """Public key of who makes releases, 64 hexadecimal digits (`doorstep-cloud release key`); empty: no updates."""
    release: str = ""
    """The version to run; empty: the one that was installed by hand."""
    proof_within_s: Positive = 1800.0
    """A release with which no receipt came for so long is left again."""

    @property
    def key(self) -> bytes | None:
        """Raises ConfigurationError."""
        if not self.release_key:
            return None
        if not _PUBLIC_KEY.fullmatch(self.release_key):
            raise ConfigurationError("updates.release_key: expected 64 hexadecimal digits (doorstep-cloud release key)")
        return bytes.fromhex(self.release_key)
