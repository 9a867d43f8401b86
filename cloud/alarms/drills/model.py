"""When a home has failed its drill."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

WITHIN = timedelta(hours=27)
"""A home drills every 22 to 26 hours."""
KEPT = timedelta(days=90)
DEVICE = "drill"
"""What the alarm about a failed drill names; nothing of the home can be asked for it."""

_FAILURES = UUID("5b0a9f0e-7d1c-4c43-9a53-6f5c3f7d2a10")


@dataclass(frozen=True)
class Failing:
    gateway_id: str
    since: datetime
    """Of the last drill, or when the home was first expected to drill."""

    @property
    def alarm_id(self) -> UUID:
        """The same for the same failure, whoever finds it and however often."""
        return uuid5(_FAILURES, f"{self.gateway_id} {self.since.isoformat()}")
