"""What the QR of a claim says: `doorstep:enrol?server=https://HOST:PORT&code=K7QM-4XNT-9PW4&ca=FINGERPRINT`.

Who scans it has the authority's whole fingerprint and needs not even the code's proof to know the centre.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from protocols.enrolment.code import ClaimCode, parse_code

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_SCHEME, _PATH = "doorstep", "enrol"


class ClaimLink(NamedTuple):
    server: str
    """https://HOST:PORT"""
    code: ClaimCode
    fingerprint: str
    """SHA-256 of the authority's certificate (DER), 64 hexadecimal digits."""

    def __str__(self) -> str:
        told = {"server": self.server, "code": str(self.code), "ca": self.fingerprint}
        return f"{_SCHEME}:{_PATH}?{urlencode(told, safe=':/')}"


def parse_link(text: str) -> ClaimLink:
    """Raises ValueError with a sentence."""
    parts = urlsplit(text.strip())
    told = parse_qs(parts.query)
    try:
        (server,), (code,), (fingerprint,) = told["server"], told["code"], told["ca"]
    except (KeyError, ValueError):
        raise ValueError("this is not the link of a claim (doorstep:enrol?server=...&code=...&ca=...)") from None
    if (parts.scheme, parts.path) != (_SCHEME, _PATH) or not _FINGERPRINT.fullmatch(fingerprint.lower()):
        raise ValueError("this is not the link of a claim (doorstep:enrol?server=...&code=...&ca=...)")
    return ClaimLink(server, parse_code(code), fingerprint.lower())
