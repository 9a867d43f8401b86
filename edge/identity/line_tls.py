"""The TLS side of a connection to the broker: this gateway's certificate out, the centre's authority in.

It loads nothing but the standard library: the alarm's process uses it too, and is to stay small.
"""

import ssl
from pathlib import Path

import structlog

from edge.identity.errors import NoIdentity
from edge.identity.files import AUTHORITY, CHAIN

_log = structlog.get_logger()


class LineTls:
    def __init__(self, folder: Path) -> None:
        """Raises NoIdentity where the folder does not hold what `doorstep-edge enrol` puts there."""
        self._chain = folder / CHAIN
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self.context.load_verify_locations(cafile=folder / AUTHORITY)
            self.context.load_cert_chain(self._chain)
        except FileNotFoundError:
            raise NoIdentity(
                f"broker.url begins with mqtts, and there is no identity in {folder}; run `doorstep-edge enrol`"
            ) from None
        except OSError as error:  # ssl's errors among them
            raise NoIdentity(f"the identity in {folder} cannot be used ({error}); enrol this gateway anew") from error

    def refresh(self) -> None:
        """From the next connection on, the certificate that lies in the folder now: it may have been renewed."""
        try:
            self.context.load_cert_chain(self._chain)
        except OSError as error:  # the one in memory is still good, perhaps
            _log.warning("identity_unreadable", problem=str(error))
