"""A shower by its steam: humidity leaps while somebody is there, and falls when the water is off.

Weather takes hours to do what a shower does in minutes. It began at the foot of the leap and ended where the fall
begins. Steam without anybody (a washing machine, a kettle) and damp that comes in with cold air are no showers.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.shower.event import LONGEST, Shower

LEAP_PERCENT = 8.0
"""So much relative humidity more ..."""
LEAP_WITHIN = timedelta(minutes=10)
"""... than at its lowest in the last so many minutes."""
NOISE_PERCENT = 0.7
"""Two values that differ by no more are the same to a bathroom's sensor."""
FALLEN_PERCENT = 2.5
"""So much below the top it is falling, not wavering ..."""
FALLEN_SHARE = 0.1
"""... and so much of the leap."""
NEAR = timedelta(minutes=10)
"""Who moved so shortly before is still there."""
COLD_AIR_C = 1.0
"""Where it grew so much colder meanwhile, a window was opened."""
LONGEST_SILENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class _Air:
    at: datetime
    humidity_percent: float
    temperature_c: float | None


@dataclass
class _Leap:
    foot: _Air
    top: _Air
    last_high: _Air
    """The last one that was as high as the top but for noise."""


class SteamWitness:
    def __init__(self) -> None:
        self._recent: deque[_Air] = deque()
        self._leap: _Leap | None = None
        self._temperature_c: float | None = None
        self._tells_motion = False
        self._moved: datetime | None = None

    def warmed(self, temperature_c: float) -> None:
        """The air's temperature, as of now."""
        self._temperature_c = temperature_c

    def moved(self, motion: bool, at: datetime) -> None:
        """Call it for repeated values too: motion that goes on is motion now."""
        self._tells_motion = True
        if motion:
            self._moved = at

    @property
    def rising_since(self) -> datetime | None:
        """When the shower that has not ended yet began; None where there is none, or nobody was there."""
        leap = self._leap
        if leap is None or _grew_cold(leap) or not self._somebody_was_there(leap.foot.at):
            return None
        return leap.foot.at

    def heard(self, humidity_percent: float, at: datetime) -> Shower | None:
        """A shower that is known now to have ended."""
        air = _Air(at, humidity_percent, self._temperature_c)
        if self._recent and at - self._recent[-1].at > LONGEST_SILENCE:
            self._forget()  # what happened in between nobody knows
        self._recent.append(air)
        while at - self._recent[0].at > LEAP_WITHIN:
            self._recent.popleft()
        if self._leap is None:
            self._leap = self._begun()
            return None
        return self._ended(self._leap, air)

    def _begun(self) -> _Leap | None:
        lowest = min(air.humidity_percent for air in self._recent)
        now = self._recent[-1]
        if now.humidity_percent - lowest < LEAP_PERCENT:
            return None
        foot = next(air for air in reversed(self._recent) if air.humidity_percent <= lowest + NOISE_PERCENT)
        return _Leap(foot, top=now, last_high=now)

    def _ended(self, leap: _Leap, air: _Air) -> Shower | None:
        if air.humidity_percent > leap.top.humidity_percent:
            leap.top = air
        if air.humidity_percent >= leap.top.humidity_percent - NOISE_PERCENT:
            leap.last_high = air
        high = leap.top.humidity_percent - leap.foot.humidity_percent
        fallen = leap.top.humidity_percent - air.humidity_percent
        if fallen < max(FALLEN_PERCENT, FALLEN_SHARE * high):
            if air.at - leap.foot.at > LONGEST:
                self._forget()
            return None
        shower = Shower(leap.foot.at, leap.last_high.at)
        believable = shower.believable and self._somebody_was_there(shower.began) and not _grew_cold(leap)
        self._forget()
        self._recent.append(air)
        return shower if believable else None

    def _somebody_was_there(self, began: datetime) -> bool:
        return not self._tells_motion or (self._moved is not None and self._moved >= began - NEAR)

    def _forget(self) -> None:
        self._recent.clear()
        self._leap = None


def _grew_cold(leap: _Leap) -> bool:
    before, after = leap.foot.temperature_c, leap.top.temperature_c
    return before is not None and after is not None and after < before - COLD_AIR_C
