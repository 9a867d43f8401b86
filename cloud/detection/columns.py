"""One elder's history as numpy columns: what every layer of detection looks at.

Times are whole microseconds of UTC since 1970 (`_us`). `local_us` is the same moment on the clock of the home, so that
`local_us // DAY_US` is the calendar day and what is left over the time of day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cloud.detection.model import DOUBTFUL_FLAGS, Observation
from protocols.reading import Flag, Meal, Metric

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
_QUARTER_US = 15 * MINUTE_US  # no zone of today moves its clock at any other minute
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

METRICS: tuple[Metric, ...] = tuple(Metric)
METRIC_CODE: Mapping[Metric, int] = {metric: code for code, metric in enumerate(METRICS)}
FLAG_BIT: Mapping[Flag, int] = {flag: 1 << place for place, flag in enumerate(Flag)}
DOUBTFUL_BITS = sum(FLAG_BIT[flag] for flag in DOUBTFUL_FLAGS)
BOUND_BITS = FLAG_BIT[Flag.ABOVE_RANGE] | FLAG_BIT[Flag.BELOW_RANGE]
NO_MEAL = 0
MEAL_CODE: Mapping[Meal, int] = {meal: code for code, meal in enumerate(Meal, start=1)}


class EventKind(StrEnum):
    MOTION = "motion"
    DOOR = "door"
    HUMIDITY = "humidity"
    TEMPERATURE = "temperature"
    FLOW = "flow"
    CONTACT = "contact"


EVENT_KINDS: tuple[EventKind, ...] = tuple(EventKind)
EVENT_CODE: Mapping[EventKind, int] = {kind: code for code, kind in enumerate(EVENT_KINDS)}


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of one length."""

    at_us: Ints
    """When it happened; nothing arrives before it happened."""
    arrived_us: Ints
    """When the centre had it."""
    local_us: Ints
    """`at_us` on the clock of the home."""
    value: Floats

    def __len__(self) -> int:
        return len(self.at_us)

    def take(self, chosen: Bools | Ints | slice) -> Self:
        """The chosen rows, in the order they have."""
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        return type(self)(
            **{name: column[chosen] if isinstance(column, np.ndarray) else column for name, column in columns.items()}
        )

    @cached_property
    def local_day(self) -> Ints:
        """Calendar days of the home since 1970."""
        return self.local_us // DAY_US


@dataclass(frozen=True, eq=False)
class Readings(Columns):
    """Measurements, each once, sorted by `at_us`."""

    metric: Ints
    """`METRIC_CODE`; `value` is in the metric's canonical unit."""
    flags: Ints
    """`FLAG_BIT`s."""
    meal: Ints
    """`MEAL_CODE`, or NO_MEAL."""

    @cached_property
    def doubtful(self) -> Bools:
        doubtful: Bools = (self.flags & DOUBTFUL_BITS) != 0
        return doubtful

    @cached_property
    def bounded(self) -> Bools:
        """The meter said HI or LO: the value is a bound."""
        bounded: Bools = (self.flags & BOUND_BITS) != 0
        return bounded

    @cached_property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest value of readings of one metric; there must be one."""
        return float(self.value.min()), float(self.value.max())

    @cached_property
    def derived(self) -> dict[str, tuple[object, Any]]:
        """What a layer made of these very rows and may want again, by a name, beside what it was made with."""
        return {}

    @cached_property
    def _by_metric(self) -> dict[Metric, "Readings"]:
        return {}

    def of(self, metric: Metric) -> "Readings":
        """Those of one metric; made once."""
        if metric not in self._by_metric:
            self._by_metric[metric] = self.take(self.metric == METRIC_CODE[metric])
        return self._by_metric[metric]


@dataclass(frozen=True, eq=False)
class Events(Columns):
    """What sensors of the home said, sorted by `at_us`."""

    kind: Ints
    """`EVENT_CODE`."""
    place: Ints
    """Index into `places`."""
    places: tuple[str, ...]
    """Names of the rooms and doors, as the source calls them."""


@dataclass(frozen=True, eq=False)
class History:
    """All that is known of one elder at a moment, or all that a file says."""

    readings: Readings
    events: Events

    @property
    def newest_us(self) -> int:
        """When the newest of it arrived; 0 where there is nothing."""
        return max(int(rows.arrived_us.max(initial=0)) for rows in (self.readings, self.events))

    def arrived_by(self, us: int) -> "History":
        """What the centre had at that moment. Rows whose arrival is past are not there at all."""
        readings, events = self.readings, self.events
        if len(readings) and int(readings.arrived_us.max()) > us:
            readings = readings.take(readings.arrived_us <= us)
        if len(events) and int(events.arrived_us.max()) > us:
            events = events.take(events.arrived_us <= us)
        return self if (readings is self.readings and events is self.events) else History(readings, events)


def us_of(moment: datetime) -> int:
    return (moment - _EPOCH) // _US


def moment_of(us: int) -> datetime:
    """In UTC."""
    return _EPOCH + timedelta(microseconds=int(us))


def local_of(us: Ints, zone: tzinfo) -> Ints:
    """`us` on the clocks of `zone`."""
    if not len(us):
        return us
    if isinstance(zone, timezone):
        return us + zone.utcoffset(None) // _US
    days, place_of_day = np.unique(us // DAY_US, return_inverse=True)
    begins = [_offset_us(int(day) * DAY_US, zone) for day in days]
    ends = [_offset_us((int(day) + 1) * DAY_US - 1, zone) for day in days]
    local = us + np.array(begins, dtype=np.int64)[place_of_day]
    for place in np.flatnonzero(np.array(begins) != np.array(ends)):
        rows = np.flatnonzero(place_of_day == place)
        quarters = us[rows] // _QUARTER_US * _QUARTER_US
        local[rows] = us[rows] + np.array([_offset_us(int(one), zone) for one in quarters], dtype=np.int64)
    return local


def utc_of_local(local_us: int, zone: tzinfo) -> int:
    """The moment at which the home's clock shows `local_us`; the first of two, and of none the one an hour on."""
    guess = local_us - _offset_us(local_us, zone)
    return local_us - _offset_us(guess, zone)


def _offset_us(us: int, zone: tzinfo) -> int:
    offset = moment_of(us).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _US


def create_readings(
    *,
    metric: Sequence[int] | Ints,
    value: Sequence[float] | Floats,
    at_us: Sequence[int] | Ints,
    arrived_us: Sequence[int] | Ints,
    flags: Sequence[int] | Ints,
    meal: Sequence[int] | Ints,
    zone: tzinfo,
) -> Readings:
    """Rows in any order and any number of copies; a copy is what differs in arrival alone, and its first one counts."""
    arrived = np.asarray(arrived_us, dtype=np.int64)
    at = np.minimum(np.asarray(at_us, dtype=np.int64), arrived)
    columns: dict[str, Any] = {
        "metric": np.asarray(metric, dtype=np.int64),
        "value": np.asarray(value, dtype=np.float64),
        "flags": np.asarray(flags, dtype=np.int64),
        "meal": np.asarray(meal, dtype=np.int64),
    }
    order = np.lexsort((arrived, columns["meal"], columns["flags"], columns["value"], columns["metric"], at))
    at, arrived = at[order], arrived[order]
    columns = {name: column[order] for name, column in columns.items()}
    if len(order):
        same = at[1:] == at[:-1]
        for column in columns.values():
            same &= column[1:] == column[:-1]
        kept = np.concatenate(([True], ~same))
        if not kept.all():
            at, arrived = at[kept], arrived[kept]
            columns = {name: column[kept] for name, column in columns.items()}
    return Readings(at_us=at, arrived_us=arrived, local_us=local_of(at, zone), **columns)


def create_events(
    *,
    kind: Sequence[int] | Ints,
    place: Sequence[int] | Ints,
    places: tuple[str, ...],
    value: Sequence[float] | Floats,
    at_us: Sequence[int] | Ints,
    arrived_us: Sequence[int] | Ints,
    zone: tzinfo,
) -> Events:
    """Rows in any order and any number of copies."""
    arrived = np.asarray(arrived_us, dtype=np.int64)
    at = np.minimum(np.asarray(at_us, dtype=np.int64), arrived)
    kinds, rooms = np.asarray(kind, dtype=np.int64), np.asarray(place, dtype=np.int64)
    values = np.asarray(value, dtype=np.float64)
    order = np.lexsort((arrived, values, rooms, kinds, at))
    at, arrived, kinds, rooms, values = at[order], arrived[order], kinds[order], rooms[order], values[order]
    if len(order):
        same = (at[1:] == at[:-1]) & (kinds[1:] == kinds[:-1]) & (rooms[1:] == rooms[:-1])
        same &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        kept = np.concatenate(([True], ~same))
        at, arrived, kinds, rooms, values = at[kept], arrived[kept], kinds[kept], rooms[kept], values[kept]
    return Events(
        at_us=at,
        arrived_us=arrived,
        local_us=local_of(at, zone),
        value=values,
        kind=kinds,
        place=rooms,
        places=places,
    )


def no_readings() -> Readings:
    return create_readings(metric=[], value=[], at_us=[], arrived_us=[], flags=[], meal=[], zone=UTC)


def no_events() -> Events:
    return create_events(kind=[], place=[], places=(), value=[], at_us=[], arrived_us=[], zone=UTC)


def readings_of(observations: Iterable[Observation], zone: tzinfo) -> Readings:
    """As the store gives them."""
    rows = list(observations)
    return create_readings(
        metric=[METRIC_CODE[one.metric] for one in rows],
        value=[one.value for one in rows],
        at_us=[us_of(one.measured_at) for one in rows],
        arrived_us=[us_of(one.arrived_at) for one in rows],
        flags=[sum(FLAG_BIT[flag] for flag in one.flags) for one in rows],
        meal=[NO_MEAL if one.meal is None else MEAL_CODE[one.meal] for one in rows],
        zone=zone,
    )
