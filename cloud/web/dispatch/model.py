"""What the dispatcher's page shows of routes."""

from dataclasses import dataclass
from datetime import date, datetime


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
