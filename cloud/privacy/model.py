"""What an elder agreed to, and what they asked of us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.privacy.purposes import Purpose


class How(StrEnum):
    SPOKEN = "spoken"
    """Heard by whoever wrote it down, and by a witness."""
    SIGNED = "signed"
    """On paper, which the centre keeps."""


class Wish(StrEnum):
    EXPORT = "export"
    ERASE = "erase"


@dataclass(frozen=True)
class Given:
    """A consent as it is written down."""

    purpose: Purpose
    how: How
    relative_id: int | None = None
    """For whom, with a purpose of the family."""
    guardian: str = ""
    """The name of who decides for them; empty: they themselves."""
    witness: str = ""
    """Needed where it was spoken."""


@dataclass(frozen=True)
class Consent:
    """A consent as it stands, or stood."""

    consent_id: int
    purpose: str
    relative_id: int | None
    relative: str | None
    """Their name."""
    given_by: str
    guardian: str
    how: str
    witness: str
    written_by: str | None
    given_at: datetime
    withdrawn_at: datetime | None
    by_themselves: bool
    """Withdrawn on their own page."""


@dataclass(frozen=True)
class OpenRequest:
    """What somebody of the community asked of us and waits for."""

    request_id: int
    elder_id: int
    name: str
    code: str
    what: str
    asked_at: datetime
