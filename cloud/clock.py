"""The centre's time: the system clock, or the simulated line that DOORSTEP_CLOCK names."""

import os
from datetime import UTC, datetime, timedelta

from protocols.configuration import ConfigurationError
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale, parse_time_scale


class Clock:
    """Now in UTC. Timers of the database run on wall time, so moments are translated by `wall_at`."""

    def __init__(self, scale: TimeScale | None = None) -> None:
        self._scale = scale

    def now(self) -> datetime:
        wall = datetime.now(UTC)
        return wall if self._scale is None else self._scale.simulated(wall)

    def at_wall(self, wall: datetime) -> datetime:
        """What this clock showed when the wall's showed `wall`."""
        return wall if self._scale is None else self._scale.simulated(wall)

    def wall_at(self, moment: datetime) -> datetime:
        return moment if self._scale is None else self._scale.wall(moment)

    def wall_duration(self, duration: timedelta) -> timedelta:
        return duration if self._scale is None else self._scale.wall_duration(duration)


def clock_from_environment() -> Clock:
    """Raises ConfigurationError for a line that cannot be read."""
    text = os.environ.get(CLOCK_VARIABLE)
    try:
        return Clock(parse_time_scale(text) if text else None)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
