"""A visit: somebody sent to a door, from the wish to the elder's word on it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from cloud.detection.model import Priority
from cloud.errors import Conflict


class VisitKind(StrEnum):
    ALERT = "alert"
    ALARM = "alarm"
    REQUEST = "request"


class VisitState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    TRAVELLING = "travelling"
    AT_THE_DOOR = "at_the_door"
    FILED = "filed"
    ASSESSED = "assessed"
    DECLINED = "declined"
    """Only in the visit's history: a declined visit is proposed again."""
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Visit:
    visit_id: int
    elder_id: int
    alert_id: int | None
    alarm_id: UUID | None
    kind: VisitKind
    wish: str | None
    """What the elder asked for, when the kind is request."""
    priority: Priority
    state: VisitState
    nurse_id: int | None
    nurse_name: str | None
    asked_at: datetime
    promised_by: datetime
    at_risk: bool
    """Nobody had accepted it when most of the promised time was gone."""


@dataclass(frozen=True)
class Report:
    """What the nurse found and did."""

    findings: tuple[str, ...]
    actions: tuple[str, ...]
    note: str = ""
    verdict: Literal["right", "false", "technique"] | None = None
    """On the alert behind the visit."""
    next_on: date | None = None


class AnotherNurse(Conflict):
    """Somebody else has the visit."""

    def __init__(self, name: str, state: VisitState) -> None:
        super().__init__(f"{name} has this visit already ({state})")
        self.name = name
        self.state = state
