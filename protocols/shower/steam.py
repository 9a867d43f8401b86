"""A shower by its steam: humidity leaps while somebody is there, and falls when the water is off.

Weather takes hours to do what a shower does in minutes. It began at the foot of the leap and ended where the fall
begins. Steam without anybody (a washing machine, a kettle) and damp that comes in with cold air are no showers.
Sensors tell every few seconds, every ten minutes, or only what changed.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocols.shower.event import Shower

LEAP_PERCENT = 5.0
"""So much relative humidity more ..."""
LEAP_WITHIN = timedelta(minutes=15)
"""... than at its lowest in the last so many minutes, or than the value before."""
QUICK_PERCENT = 2.5
"""So much of the leap came within ..."""
QUICK = timedelta(minutes=6)
"""... so many minutes, or from one value to the next: what cooks, dries or comes in by a window takes longer."""
NOISE_PERCENT = 0.7
"""Two values that differ by no more are the same to a bathroom's sensor."""
FALLEN_PERCENT = 1.5
"""So much below the top it is falling, not wavering ..."""
FALLEN_SHARE = 0.15
"""... and so much of the leap."""
FALLS_WITHIN = timedelta(minutes=120)
"""From the foot: what stays up for longer is weather."""
LEVEL_SHARE = 0.05
"""Within so much of the leap below the top it has stopped rising ..."""
LEVEL = timedelta(minutes=40)
"""... and where it stays there for so long (full of steam, and no window) the water is off since it began to."""
NEAR = timedelta(minutes=10)
"""Who moved so shortly before is still there."""
COLD_AIR_C = 1.0
"""Where it grew so much colder meanwhile, a window was opened."""
LONGEST_SILENCE = timedelta(minutes=25)
OFTEN = timedelta(minutes=2)
"""A sensor that tells more seldom: the leap began somewhere between two values."""


@dataclass(frozen=True)
class _Air:
    at: datetime
    humidity_percent: float
    temperature_c: float | None


@dataclass
class _Leap:
    foot: _Air
    began: datetime
    top: _Air
    last_high: _Air
    """The last one that was as high as the top but for noise."""
    level: _Air
    """The first one since when it rose no more to speak of."""
    quick_percent: float
    """The most that it rose in so short a time."""

    @property
    def rose_percent(self) -> float:
        return self.top.humidity_percent - self.foot.humidity_percent

    @property
    def ended(self) -> datetime:
        return self.level.at if self.last_high.at - self.level.at > LEVEL else self.last_high.at


class SteamWitness:
    def __init__(self, leap_percent: float = LEAP_PERCENT, quick_percent: float = QUICK_PERCENT) -> None:
        """Who looks back over weeks asks for smaller leaps too, and judges by all of them."""
        self._leap_percent = leap_percent
        self._quick_percent = quick_percent
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
        if (
            leap is None
            or leap.quick_percent < self._quick_percent
            or _grew_cold(leap)
            or not self._somebody_was_there(leap.foot.at)
        ):
            return None
        return leap.began

    def heard(self, humidity_percent: float, at: datetime) -> Shower | None:
        """A shower that is known now to have ended."""
        air = _Air(at, humidity_percent, self._temperature_c)
        if self._recent and at - self._recent[-1].at > LONGEST_SILENCE:
            self._forget()  # what happened in between nobody knows
        self._recent.append(air)
        while at - self._recent[0].at > LEAP_WITHIN and len(self._recent) > 2:
            self._recent.popleft()
        if self._leap is None:
            self._leap = self._begun()
            return None
        if self._is_outdone(self._leap, at):
            self._leap = self._begun() or self._leap
        return self._ended(self._leap, air)

    def _is_outdone(self, leap: _Leap, at: datetime) -> bool:
        """Whether a much quicker rise begins within a slow one, which was weather then."""
        return at - leap.foot.at > LEAP_WITHIN and self._quick() >= max(self._quick_percent, 2 * leap.quick_percent)

    def _begun(self) -> _Leap | None:
        lowest = min(air.humidity_percent for air in self._recent)
        now = self._recent[-1]
        if now.humidity_percent - lowest < self._leap_percent:
            return None
        place = max(n for n, air in enumerate(self._recent) if air.humidity_percent <= lowest + NOISE_PERCENT)
        foot, risen = self._recent[place], self._recent[place + 1]
        seldom = risen.at - foot.at > OFTEN
        return _Leap(foot, foot.at + (risen.at - foot.at) / 2 if seldom else foot.at, now, now, now, self._quick())

    def _quick(self) -> float:
        """How much it rose to the newest value."""
        *before, now = self._recent
        near = [air.humidity_percent for air in before if now.at - air.at <= QUICK] or [before[-1].humidity_percent]
        return now.humidity_percent - min(near)

    def _ended(self, leap: _Leap, air: _Air) -> Shower | None:
        if air.humidity_percent > leap.top.humidity_percent:
            leap.top = air
            leap.quick_percent = max(leap.quick_percent, self._quick())
            if air.humidity_percent - leap.level.humidity_percent > max(NOISE_PERCENT, LEVEL_SHARE * leap.rose_percent):
                leap.level = air
        if air.humidity_percent >= leap.top.humidity_percent - NOISE_PERCENT:
            leap.last_high = air
        fallen = leap.top.humidity_percent - air.humidity_percent
        if fallen < max(FALLEN_PERCENT, FALLEN_SHARE * leap.rose_percent):
            if air.at - leap.foot.at > FALLS_WITHIN:
                self._forget()
            return None
        shower = Shower(leap.began, leap.ended, leap.quick_percent, leap.rose_percent)
        quick = leap.quick_percent >= self._quick_percent
        believable = quick and shower.believable and self._somebody_was_there(leap.foot.at) and not _grew_cold(leap)
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
