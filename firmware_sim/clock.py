"""The hour at which simulated devices live: the system's, or the shared faster line of `DOORSTEP_CLOCK`."""

import asyncio
import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from protocols.simulated_time import CLOCK_VARIABLE, TimeScale, parse_time_scale


class Clock:
    """Simulated UTC, and how long to wait for it on the wall."""

    def __init__(self, scale: TimeScale | None = None) -> None:
        self._scale = scale

    def now(self) -> datetime:
        wall = datetime.now(UTC)
        return wall if self._scale is None else self._scale.simulated(wall)

    def local(self, zone: ZoneInfo) -> datetime:
        """What a well set clock on the wall of a home in `zone` shows: naive."""
        return self.now().astimezone(zone).replace(tzinfo=None)

    def wall_seconds_until(self, at: datetime) -> float:
        """Real seconds until the simulated clock shows `at` (aware); 0 when it already has."""
        ahead = at - self.now()
        wall = ahead if self._scale is None else self._scale.wall_duration(ahead)
        return max(wall.total_seconds(), 0.0)

    async def sleep_until(self, at: datetime) -> None:
        await asyncio.sleep(self.wall_seconds_until(at))


def clock_from_environment() -> Clock:
    """Raises ValueError, one sentence, when `DOORSTEP_CLOCK` is not of its form."""
    text = os.environ.get(CLOCK_VARIABLE)
    return Clock(parse_time_scale(text)) if text else Clock()
