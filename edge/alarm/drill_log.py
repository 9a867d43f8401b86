"""What a home remembers of its drills over restarts."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class DrillLog:
    """Times are UTC."""

    not_before: datetime
    next_at: datetime
    answered_at: datetime | None = None
    answered_by: str = ""
    """The device whose frame it was; empty: the gateway's own."""
    failed_at: datetime | None = None
    """None once one was answered."""

    def answered(self, at: datetime, by: str, next_at: datetime) -> "DrillLog":
        return replace(self, answered_at=at, answered_by=by, failed_at=None, next_at=next_at, not_before=at)

    def failed(self, at: datetime, next_at: datetime) -> "DrillLog":
        return replace(self, failed_at=at, next_at=next_at, not_before=at)
