"""What is put into real series, by size, and how much of it is told, and when.

Told means: an alert of a fitting cause that the untouched series does not have on that day. Nothing is tuned on these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from cloud.detection.columns import (
    DAY_US,
    EVENT_CODE,
    HOUR_US,
    METRIC_CODE,
    MINUTE_US,
    EventKind,
    Events,
    History,
    Readings,
    create_events,
    create_readings,
    no_events,
)
from cloud.detection.limits import Limits
from protocols.reading import Metric
from tests.bench._detect.people import Person
from tests.bench._detect.running import alerts_of, day_of
from tests.bench._detect.scoring import Figure, share_of

_LEAST_READINGS = 20
_LEAST_DAYS = 28
_ONSET = 0.6  # of the person's span
_RISE_DAYS = 21
_LOOK_DAYS = 28
_EVENING = 19
_READ_CAUSES = frozenset({"blood_pressure", "pulse", "trend", "hypoglycaemia", "hyperglycaemia", "another_person"})
_NIGHT_CAUSES = frozenset({"routine", "night_bathroom", "agitation"})


@dataclass(frozen=True)
class Kind:
    name: str
    unit: str
    sizes: Sequence[float]
    causes: frozenset[str]
    look_days: int
    """So long after its begin an alert answers it."""
    put: Callable[[Person, int, float], Person]
    """The person with it, from the beginning of a local day on."""
    of_events: bool = False
    begins_hours: float = 0.0
    """On the onset's day; the delay counts from then."""


def kinds() -> Sequence[Kind]:
    trend = frozenset({"trend", "blood_pressure"})
    return (
        Kind("slow_rise", "mm[Hg] in 3 weeks", (10, 20, 30, 40), trend, _LOOK_DAYS, _slow_rise),
        Kind("step", "mm[Hg]", (10, 20, 30, 40), trend, _LOOK_DAYS, _step),
        Kind("missed_week", "days", (3, 5, 7, 14), frozenset({"silence"}), 14, _missed),
        Kind("bathroom_night", "visits more", (3, 6, 9, 12), _NIGHT_CAUSES, 1, _bathroom_night, of_events=True),
        *(
            Kind(
                name, "min", (30, 60, 120, 240), frozenset({"long_stay"}), 1, put, of_events=True, begins_hours=_EVENING
            )
            for name, put in (
                ("endless_shower", _endless_shower),
                ("endless_shower_flow", _endless_water),
                ("endless_shower_steam", _endless_steam),
            )
        ),
    )


Sensitivity = dict[str, Figure | float | int]


def measure(people: Sequence[Person], limits: Limits) -> dict[str, dict[str, Sensitivity]]:
    """By kind and size: `sensitivity` with its interval, `delay_min` (median of those told), and the people counted."""
    found: dict[str, dict[str, Sensitivity]] = {}
    for kind in kinds():
        fit = [_stripped(one, kind) for one in people if _fits(one, kind)]
        untouched = [_told(one, limits, kind.causes) for one in fit]
        found[kind.name] = {}
        for size in kind.sizes:
            delays = [
                _delay_min(kind.put(one, onset, size), before, limits, kind, onset)
                for one, before in zip(fit, untouched, strict=True)
                for onset in [_onset(one, kind)]
            ]
            found[kind.name][f"{size:g} {kind.unit}"] = _summed(delays)
    found["swapped_meters"] = _swapped(people, limits)
    return found


def _summed(delays: Sequence[float | None]) -> Sensitivity:
    told = [one for one in delays if one is not None]
    summed: Sensitivity = {
        "people": len(delays),
        "sensitivity": share_of([one is not None for one in delays]),
    }
    if told:
        summed["delay_min"] = round(median(told), 1)
    return summed


def _swapped(people: Sequence[Person], limits: Limits) -> dict[str, Sensitivity]:
    """Two people who follow each other by name live together from the onset on, each with the other's meter."""
    kind = Kind("swapped_meters", "mm[Hg] apart", (), _READ_CAUSES, _LOOK_DAYS, _step)
    fit = [_stripped(one, kind) for one in people if _fits(one, kind)]
    by_size: dict[str, list[float | None]] = {}
    for first, second in [*pairwise(fit), *zip(fit, fit[2:], strict=False)]:
        apart = abs(_usual(first) - _usual(second))
        size = "under 10" if apart < 10 else "10 to 20" if apart < 20 else "20 and more"
        for one, other in ((first, second), (second, first)):
            onset = _onset(one, kind)
            told = _told(one, limits, kind.causes)
            swapped = _with_readings_of(one, other, onset)
            by_size.setdefault(f"{size} {kind.unit}", []).append(_delay_min(swapped, told, limits, kind, onset))
    return {size: _summed(delays) for size, delays in sorted(by_size.items())}


def _fits(person: Person, kind: Kind) -> bool:
    if kind.of_events:
        return _bathroom(person.history.events) is not None and _span_days(person.history.events.local_day) >= 28
    rows = person.history.readings.of(Metric.SYSTOLIC)
    return len(rows) >= _LEAST_READINGS and _span_days(rows.local_day) >= _LEAST_DAYS


def _span_days(days: np.ndarray) -> int:
    return int(days[-1] - days[0]) if len(days) else 0


def _stripped(person: Person, kind: Kind) -> Person:
    """Only what the kind touches."""
    if kind.of_events:
        nothing = person.history.readings.take(slice(0, 0))
        return replace(person, history=History(nothing, person.history.events))
    return replace(person, history=History(person.history.readings, no_events()))


def _onset(person: Person, kind: Kind) -> int:
    days = (person.history.events if kind.of_events else person.history.readings.of(Metric.SYSTOLIC)).local_day
    return int(days[0] + round(_span_days(days) * _ONSET))


def _told(person: Person, limits: Limits, causes: frozenset[str]) -> list[tuple[str, int, float]]:
    """Cause, day, and minutes since 1970 of each alert."""
    return [
        (row.cause.value, day_of(row), row.raised_at.timestamp() / 60)
        for row in alerts_of(person, limits)
        if row.cause.value in causes
    ]


def _delay_min(
    person: Person, before: Sequence[tuple[str, int, float]], limits: Limits, kind: Kind, onset: int
) -> float | None:
    """From when it began to the first alert that was not there `before`."""
    known = {(cause, day) for cause, day, _ in before}
    begin_min = (onset * DAY_US - _shift_us(person)) / MINUTE_US + 60 * kind.begins_hours
    return next(
        (
            at - begin_min
            for cause, day, at in _told(person, limits, kind.causes)
            if onset <= day <= onset + kind.look_days and (cause, day) not in known
        ),
        None,
    )


def _shift_us(person: Person) -> int:
    rows = person.history.readings if len(person.history.readings) else person.history.events
    return int(rows.local_us[0] - rows.at_us[0]) if len(rows) else 0


def _slow_rise(person: Person, onset: int, size: float) -> Person:
    return _raised(person, lambda day: size * np.clip((day - onset) / _RISE_DAYS, 0, 1))


def _step(person: Person, onset: int, size: float) -> Person:
    return _raised(person, lambda day: np.where(day >= onset, size, 0.0))


def _raised(person: Person, by: Callable[[np.ndarray], np.ndarray]) -> Person:
    """Systolic by so much on each day, diastolic by half."""
    rows = person.history.readings
    part = np.select(
        [rows.metric == METRIC_CODE[Metric.SYSTOLIC], rows.metric == METRIC_CODE[Metric.DIASTOLIC]], [1, 0.5], 0.0
    )
    value = np.round(rows.value + part * by(rows.local_day), 1)
    return replace(person, history=History(replace(rows, value=value), person.history.events))


def _missed(person: Person, onset: int, size: float) -> Person:
    rows = person.history.readings
    kept = (rows.local_day < onset) | (rows.local_day >= onset + size)
    return replace(person, history=History(rows.take(kept), person.history.events))


def _with_readings_of(one: Person, other: Person, onset: int) -> Person:
    mine, theirs = one.history.readings, other.history.readings
    kept, taken = mine.take(mine.local_day < onset), theirs.take(theirs.local_day >= onset)
    return replace(one, history=History(_joined(kept, taken, one), no_events()))


def _joined(first: Readings, second: Readings, person: Person) -> Readings:
    def both(name: str) -> np.ndarray:
        return np.concatenate((getattr(first, name), getattr(second, name)))

    columns = {name: both(name) for name in ("metric", "value", "at_us", "arrived_us", "flags", "meal")}
    return create_readings(**columns, zone=person.zone)


def _usual(person: Person) -> float:
    return float(np.median(person.history.readings.of(Metric.SYSTOLIC).value))


def _bathroom(events: Events) -> int | None:
    return next((place for place, name in enumerate(events.places) if "bathroom" in name.lower()), None)


def _bathroom_night(person: Person, onset: int, size: float) -> Person:
    """So many visits more between midnight and five, evenly; each is three movements."""
    begin = onset * DAY_US - _shift_us(person)
    apart = 5 * HOUR_US / size
    at = [int(begin + (visit + 0.5) * apart) + part * MINUTE_US for visit in range(int(size)) for part in range(3)]
    return _with_motion(person, person.history.events, at)


def _endless_shower(person: Person, onset: int, size: float) -> Person:
    """In at seven in the evening, a quarter of an hour of movement, then nothing in the whole home."""
    events = person.history.events
    begin = onset * DAY_US - _shift_us(person) + _EVENING * HOUR_US
    end = begin + int(size) * MINUTE_US
    kept = events.take((events.at_us < begin) | (events.at_us >= end))
    return _with_motion(person, kept, [begin + minute * MINUTE_US for minute in range(0, 16, 3)])


def _endless_water(person: Person, onset: int, size: float) -> Person:
    """The same where a sensor tells the water's flow, which runs on, every minute."""
    begin = onset * DAY_US - _shift_us(person) + _EVENING * HOUR_US
    minutes = np.arange(-60, int(size) + 60)
    flow = np.where((minutes >= 0) & (minutes < size), 8.0, 0.0)
    found = _endless_shower(person, onset, size)
    return _with_rows(found, found.history.events, EventKind.FLOW, begin + minutes * MINUTE_US, flow)


def _endless_steam(person: Person, onset: int, size: float) -> Person:
    """The same where a sensor tells the air's humidity every two minutes: 25 % more until the water is off."""
    begin = onset * DAY_US - _shift_us(person) + _EVENING * HOUR_US
    minutes = np.arange(-180, int(size) + 180, 2)
    risen = 1 - np.exp(-np.clip(minutes, 0, size) / 4.0)
    fallen = np.exp(-np.clip(minutes - size, 0, None) / 25.0)
    noise = np.random.default_rng(onset).normal(0, 0.3, len(minutes))
    percent = np.round(52 + 25 * risen * fallen + noise, 1)
    found = _endless_shower(person, onset, size)
    return _with_rows(found, found.history.events, EventKind.HUMIDITY, begin + minutes * MINUTE_US, percent)


def _with_motion(person: Person, events: Events, at_us: Sequence[int]) -> Person:
    """Movement in the bathroom at those moments."""
    at = np.array(at_us, dtype=np.int64)
    return _with_rows(person, events, EventKind.MOTION, at, np.full(len(at), np.nan))


def _with_rows(person: Person, events: Events, kind: EventKind, at_us: np.ndarray, value: np.ndarray) -> Person:
    """Rows of the bathroom more."""
    place = _bathroom(events)
    more = len(at_us)
    at = np.concatenate((events.at_us, at_us))
    joined = create_events(
        kind=np.concatenate((events.kind, np.full(more, EVENT_CODE[kind]))),
        place=np.concatenate((events.place, np.full(more, 0 if place is None else place))),
        places=events.places,
        value=np.concatenate((events.value, value)),
        at_us=at,
        arrived_us=at,
        zone=person.zone,
    )
    return replace(person, history=History(person.history.readings, joined))
