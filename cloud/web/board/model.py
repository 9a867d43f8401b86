"""What the board and the live events show."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cloud.web.unsure.model import Act


@dataclass(frozen=True, kw_only=True)
class BoardAlarm:
    alarm_id: UUID
    gateway_id: str
    state: str
    kind: str
    test: bool
    raised_at: datetime
    heard_at: datetime
    elder_id: int | None
    elder_code: str | None
    elder_name: str | None
    home_code: str
    address: str
    door_note: str
    time_zone: str
    region_id: int
    stored: bool = True
    """False while only the broker has told of it."""
    in_journal: bool = False
    """Its last step stands in the desk's journal only: the database was away."""
    overdue: bool = False
    who: str | None = None
    who_id: int | None = None
    taken_at: datetime | None = None
    minutes: int | None = None
    on_the_way_at: datetime | None = None
    close_reason: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class BoardVisit:
    visit_id: int
    kind: str
    state: str
    priority: str
    at_risk: bool
    wish: str | None
    cause: str | None
    asked_at: datetime
    promised_by: datetime
    nurse: str | None
    elder_id: int
    elder_code: str
    elder_name: str
    address: str
    time_zone: str
    region_id: int
    nurse_id: int | None = None


@dataclass(frozen=True)
class BoardAlert:
    """Something noticed that nobody has settled yet, with the visit that it led to."""

    alert_id: int
    cause: str
    priority: str
    reasons: list[dict[str, Any]]
    raised_at: datetime
    elder_id: int
    elder_code: str
    elder_name: str
    address: str
    time_zone: str
    region_id: int
    visit_id: int | None
    visit_state: str | None
    nurse: str | None


class News(StrEnum):
    """What may have changed since somebody last looked."""

    CALL = "call"
    CALL_CLOSED = "call_closed"
    NOTICED = "noticed"
    WISHED = "wished"
    BROKEN = "broken"
    """A promised time passed and nobody was at the door."""
    REPORTED = "reported"
    ASSESSED = "assessed"


@dataclass(frozen=True)
class Change:
    what: News
    at: datetime
    subject: str
    """The id of the alarm, the alert or the visit."""
    detail: str
    """A code: of a call its kind or why it was closed, of an alert its cause, of a visit its wish, verdict or state."""
    elder_id: int | None
    elder_name: str | None
    home_code: str
    address: str
    time_zone: str
    region_id: int


@dataclass(frozen=True)
class SilentHome:
    gateway_id: str
    home_code: str
    address: str
    street: str
    elders: list[str]
    online: bool
    heard_at: datetime | None
    time_zone: str
    scope: str | None = None
    """Of the event that it belongs to: home, street, centre; None: supervision has not spoken yet."""
    cause: str | None = None
    """Of its own silence: power_lost, link_lost, unknown."""
    event_cause: str | None = None
    knows_power: bool = False
    """Its last heartbeat told of its power."""
    region_id: int = 0

    @property
    def in_large_event(self) -> bool:
        return self.scope in ("street", "centre")


@dataclass(frozen=True)
class OnDuty:
    staff_id: int
    name: str
    role: str
    phone: str
    region_id: int = 0


@dataclass(frozen=True)
class Community:
    """A region in which somebody lives."""

    region_id: int
    name: str


@dataclass(frozen=True)
class Board:
    community: str
    now: datetime
    sentence: str
    on_duty: list[OnDuty]
    alarms: list[BoardAlarm]
    closed: list[BoardAlarm]
    visits: list[BoardVisit]
    silent: list[SilentHome]
    unsure: int
    """Measurements of which nobody knows whose they are."""
    severe: list[Act] = field(default_factory=list)
    """Those of them with a severe value, the most urgent first."""
    alerts: list[BoardAlert] = field(default_factory=list)
    """Open ones that are not held back, the most urgent first."""
    communities: list[Community] = field(default_factory=list)
    news: list[Change] = field(default_factory=list)
    """Since `looked_at`, newest first."""
    looked_at: datetime | None = None
    """Up to when the viewer has seen what changed, at most a day back."""
    remembered: bool = False
    """The database is away: alarms are true, everything else is missing."""


@dataclass(frozen=True)
class Figures:
    """Counts of everything that the viewer's region and the centre hold."""

    readings_stored: int
    """Since the beginning: kept as they come, not counted, and what retention took away is among them."""
    alerts_open: int
    alerts_total: int
    visits_by_state: dict[str, int]
    assessments: int
    alarms: int
    dead_letters: int


@dataclass(frozen=True)
class AlertNews:
    """What a live event says of an alert."""

    alert_id: int
    cause: str
    priority: str
    state: str
    elder_code: str
    elder_name: str
    region_id: int
