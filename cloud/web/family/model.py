"""What the family may be shown. Notes, findings and contacts are not among it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Heading:
    """Of whom the page is."""

    elder_id: int
    name: str
    time_zone: str


@dataclass(frozen=True)
class Call:
    kind: str
    test: bool
    heard_at: datetime
    state: str
    closed_at: datetime | None


@dataclass(frozen=True)
class FamilyVisit:
    state: str
    nurse: str | None
    promised_by: datetime
    filed_at: datetime | None
    face: int | None
    """What the elder said of it."""


@dataclass(frozen=True)
class FamilyWish:
    """What this one of the family asked for."""

    text: str
    state: str
    said_last_at: datetime
    alarm_state: str | None
