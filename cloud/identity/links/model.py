"""A link, the code beside it, and whom they let in."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cloud.identity.tries.model import CODE_WINDOW_S, TRIES, Key

_LINK_BYTES = 24
_CODE_DIGITS = 6
SESSION_LASTS = timedelta(days=180)
"""A tablet on a wall and a phone in a pocket: after so long the code is asked for again."""
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Link:
    """As it is drawn and shown, once; the database holds digests."""

    token: str
    """144 random bits."""
    code: str
    """Six digits, on the card beside the link: who finds or photographs the link alone gets no further."""

    @property
    def hash(self) -> bytes:
        return link_hash(self.token)

    @property
    def spoken_code(self) -> str:
        return f"{self.code[:3]} {self.code[3:]}"


def draw() -> Link:
    code = "".join(secrets.choice("0123456789") for _ in range(_CODE_DIGITS))
    return Link(secrets.token_urlsafe(_LINK_BYTES), code)


def link_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def link_key(digest: bytes) -> Key:
    """Tries at the code of one link: 8 in a quarter of an hour, of a million codes."""
    return Key(sha256(b"link\0" + digest).digest(), TRIES, CODE_WINDOW_S)


@dataclass(frozen=True)
class Way:
    """Whom a link lets in."""

    elder_id: int
    code_hash: str | None
    """None: the link alone opens (a trial's, out of the community file)."""
    relative_id: int | None = None
    """None: it is the elder's own."""


@dataclass(frozen=True)
class Relative:
    """One of an elder's family."""

    relative_id: int
    name: str
    relation: str
    invited_at: datetime
    link_ends_at: datetime
    seen_at: datetime | None
    """When they looked last."""
