"""What the dispatcher's page shows of routes."""

from dataclasses import dataclass
from datetime import date, datetime, time


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An open visit, and one that was made on this day, with its place in the routes where it has one."""

    visit_id: int
    kind: str
    state: str
    priority: str
    at_risk: bool
    wish: str | None
    cause: str | None
    asked_at: datetime
    promised_by: datetime
    promised_first: datetime | None
    nurse_id: int | None
    nurse: str | None
    elder_id: int
    elder_name: str
    address: str
    time_zone: str
    region_id: int
    pinned_to: int | None
    pinned_at: datetime | None
    together_with: int | None
    route_nurse_id: int | None
    day: date | None
    arrives_at: datetime | None
    leaves_at: datetime | None
    travel_min: float | None
    why_not: str | None
    """Why it stands in no route."""
    words: list[str] | None

    @property
    def over(self) -> bool:
        return self.state in ("filed", "assessed", "closed")


@dataclass(frozen=True)
class OnDuty:
    nurse_id: int
    name: str
    begins_at: datetime | None
    ends_at: datetime | None
    """Of the day that is looked at; None: no route of hers is laid for it."""
    away: bool = False
    """Whether she is off on that day."""


@dataclass(frozen=True)
class DaysOff:
    """A nurse does not work."""

    absence_id: int
    nurse_id: int
    name: str
    first: date
    last: date
    noted_by: str | None
    going: int
    """Visits that she is on her way to, or at, although these days have begun."""


@dataclass(frozen=True)
class Member:
    nurse_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Somebody comes every few days."""

    every_days: int
    from_time: time
    to_time: time
    skills: list[str]
    minutes: int | None
    people: int
    made_by: str
    """staff or risk."""
    klass: str | None
    """Of the elder's risk, where that made it."""
    next_on: date
    """The first day for which no visit stands there yet."""
    made_at: datetime
    who: str | None


@dataclass(frozen=True)
class Awaited:
    """A visit to an elder that is still to come."""

    visit_id: int
    kind: str
    state: str
    priority: str
    at_risk: bool
    wish: str | None
    cause: str | None
    asked_at: datetime
    promised_by: datetime
    asked_by: str | None
    nurse: str | None
    arrives_at: datetime | None
    time_zone: str


@dataclass(frozen=True)
class MovedVisit:
    """That somebody was told another time or nurse."""

    at: datetime
    why: str
    because_id: int | None
    nurse_before: str
    nurse: str
    arrival_before: datetime
    arrival: datetime
    promised_before: datetime
    promised_by: datetime
