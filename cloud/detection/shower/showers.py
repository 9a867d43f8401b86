"""All showers of a home's events, oldest first.

Every leap of humidity of 2.5 % is looked at. What counts as a shower's leap is learnt from the home itself: a share of
what its larger leaps were in the six weeks before, so that a sensor in a draughty corner and one above the tub both
find theirs, and washing hands beneath either is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cloud.detection.columns import (
    DAY_US,
    EVENT_CODE,
    HOUR_US,
    MINUTE_US,
    EventKind,
    Events,
    Floats,
    moment_of,
    us_of,
)
from cloud.detection.shower.rooms import places_of
from cloud.detection.shower.stretches import steamy, watery
from protocols.reading import Metric
from protocols.shower.event import Shower
from protocols.shower.recogniser import ShowerRecogniser

LEAST_LEAP_PERCENT = 2.5
LEAST_QUICK_PERCENT = 1.5
_LEAST_PERCENT, _MOST_PERCENT = 1.6, 5.0
_SHARE, _SHARE_OF_LONG = 0.25, 0.5
_LONG_US = 25 * MINUTE_US  # a meal or a wet coat goes on for as long; few showers do
LOOK_BACK_DAYS = 42
"""How far back showers say what a shower is in this home."""
_LOOK_BACK_US = LOOK_BACK_DAYS * DAY_US
_LEAST_DAYS = 4
_UNTIL_LEARNT_PERCENT = 3.0
_ONE_US = 8 * MINUTE_US  # a pause for shampoo: two leaps so near are one shower
_CUT_US = 3 * HOUR_US
_WATCHED_WITHIN_US = 2 * DAY_US  # a sensor that told no movement for so long does not see who showers
_QUICK_SHARE = 0.45  # of a shower's leap comes at once; cooking and washing on the line take longer
_NOISES, _QUICK_NOISES = 6.0, 4.0  # a leap that counts is so many times the sensor's noise, and what came at once
_NOISE_ROWS, _LEAST_NOISE_ROWS = 720, 20
_MOST_NOISE_PERCENT = 1.0
_SECOND_DIFFERENCE = 0.6745 * 6**0.5  # median of absolute second differences of noise of deviation 1
METRIC_OF_KIND = {
    EVENT_CODE[EventKind.HUMIDITY]: Metric.HUMIDITY,
    EVENT_CODE[EventKind.TEMPERATURE]: Metric.AMBIENT_TEMPERATURE,
    EVENT_CODE[EventKind.FLOW]: Metric.FLOW,
    EVENT_CODE[EventKind.MOTION]: Metric.MOTION,
}


@dataclass(frozen=True, order=True)
class FoundShower:
    began_us: int
    ended_us: int
    known_us: int
    """When the centre had what shows that it is over."""
    quick_percent: float
    """The most that the relative humidity rose within a few minutes; 0 where water told it."""
    rose_percent: float = 0.0
    """The same from the foot to the top."""


def showers(events: Events) -> list[tuple[int, int]]:
    """Began and ended of each shower, in microseconds of UTC."""
    return [(one.began_us, one.ended_us) for one in found_showers(events)]


def found_showers(events: Events) -> list[FoundShower]:
    """What is said of a shower rests on what had arrived when it was known."""
    found: list[FoundShower] = []
    for place in sorted({*places_of(events, EventKind.HUMIDITY), *places_of(events, EventKind.FLOW)}):
        rows = events.take((events.place == place) & np.isin(events.kind, list(METRIC_OF_KIND)))
        found += _worthy(_leaps(rows), int(rows.at_us[0]) if len(rows) else 0)
    return _joined(sorted(found))


def _leaps(rows: Events) -> list[FoundShower]:
    near = steamy(rows, LEAST_LEAP_PERCENT)
    kept = rows.take((near & (rows.kind != EVENT_CODE[EventKind.FLOW])) | watery(rows))
    moved = rows.at_us[rows.kind == EVENT_CODE[EventKind.MOTION]]
    damp = rows.take(rows.kind == EVENT_CODE[EventKind.HUMIDITY])
    found: list[FoundShower] = []
    for stretch in _stretches(kept):
        begin = int(stretch.at_us[0])
        first, last = np.searchsorted(moved, (begin - _WATCHED_WITHIN_US, begin + HOUR_US))
        until = int(np.searchsorted(damp.at_us, begin + HOUR_US))
        noise = _noise_of(damp.value[max(until - _NOISE_ROWS, 0) : until])
        for one in _recognised(stretch, watched=bool(last > first)):
            if not one.quick_percent:
                found.append(one)
            elif one.rose_percent >= _NOISES * noise and one.quick_percent >= max(
                _QUICK_NOISES * noise, _QUICK_SHARE * one.rose_percent
            ):  # the highest of several lies two deviations too high
                found.append(replace(one, quick_percent=one.quick_percent - 2 * noise))
    return found


def _noise_of(value: Floats) -> float:
    """Standard deviation of a sensor's noise: by second differences; drift adds little to them."""
    if len(value) < _LEAST_NOISE_ROWS:
        return 0.0
    return min(float(np.median(np.abs(np.diff(value, 2)))) / _SECOND_DIFFERENCE, _MOST_NOISE_PERCENT)


def _stretches(rows: Events) -> Iterator[Events]:
    cuts = np.flatnonzero(np.diff(rows.at_us) > _CUT_US) + 1
    for first, last in pairwise([0, *cuts.tolist(), len(rows)]):
        if last > first:
            yield rows.take(slice(first, last))


def _recognised(rows: Events, *, watched: bool) -> Iterator[FoundShower]:
    """`watched`: a sensor there tells who moves."""
    recogniser = ShowerRecogniser(LEAST_LEAP_PERCENT, LEAST_QUICK_PERCENT)
    arrived = 0
    if watched:
        recogniser.heard([(Metric.MOTION, 0.0)], moment_of(int(rows.at_us[0])))
    for kind, value, at_us, arrived_us in zip(
        rows.kind.tolist(), rows.value.tolist(), rows.at_us.tolist(), rows.arrived_us.tolist(), strict=True
    ):
        arrived = max(arrived, arrived_us)
        metric = METRIC_OF_KIND[kind]
        if metric is Metric.MOTION and not watched:
            continue
        told = value if metric is not Metric.MOTION else float(not value <= 0)
        shower = recogniser.heard([(metric, told)], moment_of(at_us))
        if shower is not None:
            yield _found(shower, arrived)


def _found(shower: Shower, known_us: int) -> FoundShower:
    return FoundShower(us_of(shower.began), us_of(shower.ended), known_us, shower.quick_percent, shower.rose_percent)


def _worthy(leaps: list[FoundShower], first_us: int) -> list[FoundShower]:
    """Those that are as large as this home's showers are."""
    found = []
    for place, one in enumerate(leaps):
        since = max(first_us, one.began_us - _LOOK_BACK_US)
        days = (one.began_us - since) / DAY_US
        before = [other.quick_percent for other in leaps[:place] if other.began_us >= since and other.quick_percent]
        share = _SHARE_OF_LONG if one.ended_us - one.began_us > _LONG_US else _SHARE
        if not one.quick_percent or one.quick_percent >= _least(before, days, share):
            found.append(one)
    return found


def _least(before: list[float], days: float, share: float) -> float:
    """The least leap that counts: a share of the middle one of the home's larger leaps, of which two days have one."""
    if days < _LEAST_DAYS:
        return _UNTIL_LEARNT_PERCENT
    larger = sorted(before, reverse=True)
    middle = int(days / 4)
    if middle >= len(larger):
        return _UNTIL_LEARNT_PERCENT
    return min(max(share * larger[middle], _LEAST_PERCENT), _MOST_PERCENT)


def _joined(found: list[FoundShower]) -> list[FoundShower]:
    """Two that overlap, or follow each other at once, are one shower."""
    joined: list[FoundShower] = []
    for one in found:
        last = joined[-1] if joined else None
        if last is not None and one.began_us <= last.ended_us + _ONE_US:
            joined[-1] = FoundShower(
                last.began_us,
                max(last.ended_us, one.ended_us),
                max(last.known_us, one.known_us),
                max(last.quick_percent, one.quick_percent),
            )
        else:
            joined.append(one)
    return joined
