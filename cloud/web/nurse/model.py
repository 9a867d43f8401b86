"""A nurse's visits as rows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cloud.visits.model import OVER


@dataclass(frozen=True, kw_only=True)
class Card:
    """One visit on the list of today."""

    visit_id: int
    kind: str
    state: str
    priority: str
    at_risk: bool
    wish: str | None
    cause: str | None
    reasons: list[dict[str, Any]] | None
    alert_id: int | None
    asked_at: datetime
    promised_by: datetime
    nurse_id: int | None
    nurse: str | None
    elder_id: int
    elder_code: str
    elder_name: str
    born_on: date | None
    language: str | None
    """What the elder speaks best, such as zh, yue or en; None: not said."""
    skills: list[str]
    """What the visit needs beside what the configuration says of its cause, wish and kind."""
    address: str
    door_note: str
    time_zone: str
    region_id: int
    call_name: str | None
    call_relation: str | None
    call_phone: str | None
    filed_at: datetime | None
    arrives_at: datetime | None
    """When its nurse is expected at the door, by her route."""
    route_day: date | None

    @property
    def done(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True, kw_only=True)
class VisitSummary(Card):
    why: str
    """The weightiest reason in one sentence; empty where the elder or an alarm asked."""


@dataclass(frozen=True)
class AlertBehind:
    """The alert that a visit answers, as it stands now. Its verdict is the one that detection learns from."""

    alert_id: int
    cause: str
    state: str
    verdict: str | None


@dataclass(frozen=True)
class Colleague:
    """Who a visit can be handed on to."""

    staff_id: int
    name: str


@dataclass(frozen=True)
class Step:
    state: str
    at: datetime
    who: str | None
    note: str


@dataclass(frozen=True)
class Filed:
    """A report as it was filed, with the elder's word on the visit."""

    visit_id: int
    nurse: str
    findings: list[str]
    actions: list[str]
    note: str
    verdict: str | None
    next_on: date | None
    measured: list[dict[str, Any]]
    """What the nurse measured: metric, and value in its canonical unit. They are readings of the elder too."""
    measured_with: str
    filed_at: datetime
    face: int | None
    word: str | None


@dataclass(frozen=True)
class Said:
    """An elder's word on a nurse's visit."""

    nurse_id: int
    visit_id: int
    elder_name: str
    face: int
    word: str
    assessed_at: datetime
    time_zone: str
