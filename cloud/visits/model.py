"""A visit: somebody sent to a door, from the wish to the elder's word on it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from cloud.detection.model import Priority
from cloud.errors import Conflict
from protocols.reading import Metric


class VisitKind(StrEnum):
    ALERT = "alert"
    ALARM = "alarm"
    REQUEST = "request"
    FOLLOW_UP = "follow_up"
    """After another visit: the nurse wanted it, or the elder was not content."""
    TOGETHER = "together"
    """The second person of a visit that two make."""
    REGULAR = "regular"
    """By a rhythm: somebody comes every few days."""


class VisitState(StrEnum):
    PROPOSED = "proposed"
    """Anybody may take it."""
    ASSIGNED = "assigned"
    """One nurse is asked first."""
    ACCEPTED = "accepted"
    TRAVELLING = "travelling"
    AT_THE_DOOR = "at_the_door"
    NO_ANSWER = "no_answer"
    """The door stayed shut. It stays the nurse's until she came again, reported, or gave it to somebody."""
    FILED = "filed"
    ASSESSED = "assessed"
    CLOSED = "closed"
    """Nobody says anything about it any more."""
    CANCELLED = "cancelled"
    DECLINED = "declined"
    """Only in the visit's history: a declined visit is proposed again."""
    HANDED_ON = "handed_on"
    """Only in the visit's history: what was handed on is assigned to somebody else."""


HISTORY_ONLY = frozenset({VisitState.DECLINED, VisitState.HANDED_ON})
OVER = frozenset({VisitState.FILED, VisitState.ASSESSED, VisitState.CLOSED, VisitState.CANCELLED})
"""Nobody is to come any more."""


class FollowUp(StrEnum):
    """Why a visit follows another."""

    NEXT_VISIT = "next_visit"
    """The report proposed it."""
    LOW_MARK = "low_mark"
    """The elder was not content."""
    COMPLAINED_AGAIN = "complained_again"
    """Nor were they with another visit lately."""


@dataclass(frozen=True)
class Visit:
    visit_id: int
    elder_id: int
    alert_id: int | None
    alarm_id: UUID | None
    kind: VisitKind
    wish: str | None
    """What the elder asked for, when the kind is request; a FollowUp, when it is follow_up."""
    priority: Priority
    state: VisitState
    nurse_id: int | None
    nurse_name: str | None
    asked_at: datetime
    promised_by: datetime
    at_risk: bool
    """Nobody had accepted it when most of the promised time was gone, or nobody was left to be asked."""


@dataclass(frozen=True)
class MeasuredAtDoor:
    """A value that the nurse read from her own meter."""

    metric: Metric
    value: float
    """In the metric's canonical unit."""


@dataclass(frozen=True)
class Report:
    """What the nurse found and did."""

    findings: tuple[str, ...]
    actions: tuple[str, ...]
    note: str = ""
    verdict: Literal["right", "false", "technique"] | None = None
    """On the alert behind the visit."""
    next_on: date | None = None
    measured: tuple[MeasuredAtDoor, ...] = ()
    measured_with: Literal["own_meter", "elders_meter"] = "own_meter"
    """The nurse's own, or the elder's read by eye: what that one told by itself is not counted again."""
    measured_at: datetime | None = None
    """None: when the report was filed."""


class AnotherNurse(Conflict):
    """Somebody else has the visit."""

    def __init__(self, name: str, state: VisitState) -> None:
        super().__init__(f"{name} has this visit already ({state})")
        self.name = name
        self.state = state


class AnotherOnTheWay(Conflict):
    """A colleague goes to this elder already, and nobody said that two should."""

    def __init__(self, name: str, visit_id: int) -> None:
        super().__init__(f"{name} goes to this elder already (visit {visit_id}); ask {name} to take this one too")
        self.name = name
        self.visit_id = visit_id
