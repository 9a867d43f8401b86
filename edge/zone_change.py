"""Where a home's wall clock is moved: changes to and from daylight saving, and the hours that come twice or never."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_STEP = timedelta(days=1)
_LONGEST = timedelta(days=370)


@dataclass(frozen=True)
class ZoneChange:
    """The wall clock jumps, once."""

    at: datetime
    """UTC."""
    before: datetime
    """Naive: what the wall clock would show then, had it not been moved."""
    after: datetime
    """Naive: what it shows."""


def change_between(zone: tzinfo, begin: datetime, end: datetime) -> ZoneChange | None:
    """The newest change of `zone` after `begin` and not after `end` (both UTC); None where there is none in the last
    year before `end`."""
    begin = max(begin, end - _LONGEST)
    late = end
    while late > begin:
        early = max(begin, late - _STEP)
        if _offset(zone, early) != _offset(zone, late):
            return _between(zone, early, late)
        late = early
    return None


def is_twice_or_never(wall: datetime, zone: tzinfo) -> bool:
    """Whether the home's clock shows `wall` (naive) twice, or leaps over it: then it names no one instant."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    return first.utcoffset() != second.utcoffset()


def _between(zone: tzinfo, early: datetime, late: datetime) -> ZoneChange:
    old = _offset(zone, early)
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle <= early:
            break
        if _offset(zone, middle) == old:
            early = middle
        else:
            late = middle
    at = late.replace(microsecond=0)
    wall = at.replace(tzinfo=None)
    return ZoneChange(at, wall + old, wall + _offset(zone, at))


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(UTC).astimezone(zone).utcoffset() or timedelta(0)
