"""What the elder's page shows of visits."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ElderVisit:
    visit_id: int
    kind: str
    state: str
    wish: str | None
    asked_by: str | None
    """elder, family, doctor or staff, where somebody asked."""
    asked_at: datetime
    promised_by: datetime
    nurse_id: int | None
    nurse: str | None
    filed_at: datetime | None
    face: int | None
    moved_why: str | None
    """Why it comes at another time than was said (visit_moved.why); None: it does not."""


@dataclass(frozen=True)
class MeasureAgain:
    metric: str
    why: str
    measured_at: datetime


@dataclass(frozen=True)
class SaidWish:
    """What the elder said in their own words, and for which nobody comes yet."""

    demand_id: int
    text: str
    state: str
    """doubt, open or calling."""
    alarm_state: str | None
    """Of the call that stands for it."""


@dataclass(frozen=True)
class ElderToday:
    coming: list[ElderVisit]
    """Visits on their way or promised, soonest first."""
    request: ElderVisit | None
    """What the elder asked for and nobody has begun."""
    to_assess: ElderVisit | None
    """The latest filed visit, as long as its day and the next."""
    measure_again: MeasureAgain | None = None
    """The newest request that nobody has answered."""
    said: SaidWish | None = None
    """The newest that waits; a call for help before others."""
