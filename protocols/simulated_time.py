"""A day lived faster: the straight line between the wall clock and a simulated one.

Every process of a demo or a trial is given the same line (environment variable `DOORSTEP_CLOCK`), so that meters,
gateway and centre agree on the hour. Without it all of them use the system's clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CLOCK_VARIABLE = "DOORSTEP_CLOCK"


@dataclass(frozen=True)
class TimeScale:
    """At wall time `started` (UTC) the simulated clock shows `origin` (UTC) and runs `speed` times as fast."""

    origin: datetime
    started: datetime
    speed: float

    def simulated(self, wall: datetime) -> datetime:
        return self.origin + (wall - self.started) * self.speed

    def wall(self, simulated: datetime) -> datetime:
        return self.started + (simulated - self.origin) / self.speed

    def wall_duration(self, simulated: timedelta) -> timedelta:
        return simulated / self.speed

    def __str__(self) -> str:
        return f"{self.origin.isoformat()}@{self.started.isoformat()}x{self.speed:g}"


def parse_time_scale(text: str) -> TimeScale:
    """The inverse of `str(TimeScale)`: `2026-11-22T06:00:00+00:00@2026-11-22T09:13:00+00:00x60`.

    Raises ValueError that names the expected form.
    """
    try:
        origin, rest = text.split("@")
        started, speed = rest.split("x")
        scale = TimeScale(
            _instant(origin),
            _instant(started),
            float(speed),
        )
    except ValueError as error:
        raise ValueError(
            f"{CLOCK_VARIABLE}: {text!r} is not ORIGIN@STARTEDxSPEED, times ISO 8601 with a zone"
        ) from error
    if not scale.speed > 0:
        raise ValueError(f"{CLOCK_VARIABLE}: speed must be above 0, not {scale.speed:g}")
    return scale


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone is no instant")
    return at.astimezone(UTC)
