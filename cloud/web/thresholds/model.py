"""An elder's own figures as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class OwnFigure:
    """One figure of one elder, in force or ended. `verdicts` stands where it moved by itself."""

    override_id: int
    rule: str
    metric: str
    value: float
    """In the metric's canonical unit."""
    author: str
    reason: str
    set_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None
    verdicts: dict[str, Any] | None


@dataclass(frozen=True)
class Outcome:
    """A nurse's word on an alert that a rule had raised."""

    alert_id: int
    rule: str
    metric: str
    verdict: str
    verdict_at: datetime
    verdict_by: str | None


@dataclass(frozen=True)
class WideBand:
    """The own normal of one metric, and how often of late it was called false."""

    metric: str
    low: float
    high: float
    count: int
    computed_at: datetime
