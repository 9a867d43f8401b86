"""A volunteer: an account of staff with the role `volunteer`, and what is known of them beside it."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class State(StrEnum):
    APPLIED = "applied"
    CHECKING = "checking"
    """Their papers are looked at."""
    TRAINING = "training"
    ACTIVE = "active"
    """They are asked to go."""
    PAUSED = "paused"
    REFUSED = "refused"
    LEFT = "left"


class Paper(StrEnum):
    """What somebody of the centre saw, or saw passed."""

    IDENTITY = "identity"
    CONDUCT = "conduct"
    """Certificate of good conduct."""
    HEALTH = "health"
    INSURANCE = "insurance"
    AGREEMENT = "agreement"
    """On keeping secrets, signed."""
    BASICS = "basics"
    """The first course, without which nobody goes."""
    FIRST_AID = "first_aid"
    MOVING_PEOPLE = "moving_people"
    DEMENTIA = "dementia"


SKILLS = ("company", "walking", "reading", "shopping", "cooking", "escort", "repair", "hairdressing", "phones")
"""What volunteers offer, beside the words of the elders' wishes."""


@dataclass(frozen=True)
class Seen:
    """One paper, as often as it was seen."""

    kind: str
    seen_by: str
    seen_at: datetime
    expires_on: date | None
    """The last day on which it counts."""


@dataclass(frozen=True, order=True)
class Hours:
    """When they have time, each week, by the homes' clock."""

    weekday: int
    """0: Monday."""
    from_time: time
    to_time: time


@dataclass(frozen=True)
class Step:
    state: str
    at: datetime
    by: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A line of the coordinator's list."""

    staff_id: int
    name: str
    phone: str
    state: str
    region: str
    skills: list[str]
    visits: int
    """Made so far."""
    balance: int
    """Minutes."""
    next_expiry: date | None
    """When the first of the papers that they need ends."""


@dataclass(frozen=True, kw_only=True)
class Volunteer:
    staff_id: int
    login: str
    name: str
    phone: str
    region: str
    state: State
    elder_id: int | None
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    week_minutes: int
    papers: tuple[Seen, ...]
    hours: tuple[Hours, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class OwnVisit:
    """What a volunteer is shown of a visit that they are asked for, make or made."""

    visit_id: int
    state: str
    wish: str | None
    from_at: datetime | None
    promised_by: datetime
    minutes: int | None
    asked_at: datetime
    elder_name: str
    time_zone: str
    address: str | None
    """None: they are not to go there any more."""
    door_note: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    face: int | None
    """What the elder said of it."""


@dataclass(frozen=True, kw_only=True)
class WaitingVisit:
    """A visit that a volunteer could make, or is to make."""

    visit_id: int
    elder_id: int
    elder_name: str
    address: str
    time_zone: str
    wish: str | None
    state: str
    goer: str
    volunteer: str | None
    from_at: datetime | None
    promised_by: datetime
    at_risk: bool
