"""What somebody can show beside a password."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Passkey:
    credential_id: bytes
    staff_id: int
    public_key: bytes
    """COSE."""
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class App:
    """An app that shows codes."""

    secret: bytes
    """Sealed."""
    confirmed: bool
    """A code of it was entered once; before that it opens nothing and locks nobody out."""
