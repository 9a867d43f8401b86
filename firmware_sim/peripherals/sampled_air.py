"""The bathroom's air around a sensor, as it is at the simulated clock's now."""

from datetime import datetime, timedelta

from firmware_sim.clock import Clock
from firmware_sim.lives.bathroom import bathroom_air

AIRED_AFTER = timedelta(hours=3)
"""The air of the latest shower is forgotten."""


class SampledAir:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shower: tuple[datetime, int] | None = None

    @property
    def changes(self) -> bool:
        """False while nobody showered lately: it stays as it is."""
        return self._shower is not None

    def shower(self, minutes: int) -> None:
        """The water runs from now on for so many (simulated) minutes."""
        self._shower = (self._clock.now(), minutes)

    def sample(self) -> tuple[float, float]:
        """Relative humidity (%) and temperature (C)."""
        if self._shower is None:
            return bathroom_air(None, 0)
        began, minutes = self._shower
        since = self._clock.now() - began
        if since > AIRED_AFTER:
            self._shower = None
            return bathroom_air(None, 0)
        return bathroom_air(since.total_seconds() / 60, minutes)
