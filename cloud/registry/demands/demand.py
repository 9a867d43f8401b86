"""A demand: one wish, from whatever mouth, from the first word to what the elder says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

LONGEST_TEXT = 1000


class Mouth(StrEnum):
    """By whom a wish comes."""

    ELDER = "elder"
    FAMILY = "family"
    NURSE = "nurse"
    DESK = "desk"
    """Said by telephone, and written down by somebody at the desk."""
    DOCTOR = "doctor"
    DETECTION = "detection"


class Urgency(StrEnum):
    NOW = "now"
    TODAY = "today"
    THIS_WEEK = "this_week"


class DemandState(StrEnum):
    DOUBT = "doubt"
    """A person says which kind it is."""
    OPEN = "open"
    """Sorted, and nobody has to travel: somebody at the desk answers it."""
    CALLING = "calling"
    """It may be an emergency: the alarm desk has it."""
    VISIT = "visit"
    """Somebody is to come; how far that is, the visit says."""
    DONE = "done"
    """Answered, or somebody was there."""
    ASSESSED = "assessed"
    """The elder said how it was."""
    CLOSED = "closed"
    """Somebody was there, and nobody says anything about it any more."""
    CANCELLED = "cancelled"


WAITING = (DemandState.DOUBT, DemandState.OPEN, DemandState.CALLING, DemandState.VISIT)
"""Not over yet. What is said again while one of these stands is the same wish."""


class SortedBy(StrEnum):
    MODEL = "model"
    SAID = "said"
    """It came with its kind: the elder touched a picture, or detection noticed something."""
    PERSON = "person"
    """Models learn from it."""


class What(StrEnum):
    """What a line of the history tells."""

    SAID = "said"
    SAID_AGAIN = "said_again"
    SORTED = "sorted"
    KIND_SAID = "kind_said"
    MOVED = "moved"


@dataclass(frozen=True)
class Doer:
    """Who said or did something."""

    actor: Literal["staff", "elder", "family", "centre"]
    staff_id: int | None = None
    relative_id: int | None = None


CENTRE = Doer("centre")


@dataclass(frozen=True)
class Demand:
    demand_id: int
    elder_id: int
    mouth: Mouth
    text: str
    kind: str | None
    """None: nobody knows yet."""
    urgency: Urgency
    from_at: datetime | None
    until_at: datetime | None
    state: DemandState
    said_at: datetime
    said_last_at: datetime
    times: int
    visit_id: int | None
    alarm_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class NewDemand:
    elder_id: int
    mouth: Mouth
    by: Doer
    text: str
    """1 to LONGEST_TEXT characters."""
    said_at: datetime
    urgency: Urgency
    state: DemandState
    kind: str | None = None
    sorted_by: SortedBy | None = None
    model: str = ""
    certainty: float | None = None
    guesses: tuple[str, ...] = ()
    from_at: datetime | None = None
    until_at: datetime | None = None
    at_visit: int | None = None
    """In whose report it stands."""
    visit_id: int | None = None
