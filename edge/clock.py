"""The gateway's time: the system clock, or the simulated line that DOORSTEP_CLOCK names."""

import os
from datetime import UTC, datetime

from protocols.simulated_time import CLOCK_VARIABLE, TimeScale, parse_time_scale


class Clock:
    """Now, in UTC. Timers that a person waits for (an alarm, a retry) run on the wall clock and do not ask here."""

    def __init__(self, scale: TimeScale | None = None) -> None:
        self._scale = scale

    @property
    def speed(self) -> float:
        """Simulated seconds in one second of the wall clock."""
        return 1.0 if self._scale is None else self._scale.speed

    def now(self) -> datetime:
        wall = datetime.now(UTC)
        return wall if self._scale is None else self._scale.simulated(wall)


def clock_from_environment() -> Clock:
    """Raises ValueError that names the expected form."""
    text = os.environ.get(CLOCK_VARIABLE)
    return Clock(parse_time_scale(text) if text else None)
