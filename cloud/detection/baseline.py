"""What is usual for one person: robust bands by metric and time of day or meal, drawn towards the group while readings
are few. All days of a history at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import DAY_US, HOUR_US, MEAL_CODE, NO_MEAL, Bools, Floats, Ints, Readings
from cloud.detection.model import Baseline
from cloud.detection.own_normal import OwnNormal, UsualOf
from protocols.reading import Meal, Metric

_SIGMA_OF_MAD = 1.4826  # of a normal distribution, the standard deviation in median absolute deviations
_DIGITS = 1
_NOON_US = 12 * HOUR_US
EARLY, LATE = 0, 1
CONTEXTS = (EARLY, LATE)
"""Before noon and after it; of glucose, before a meal and after one."""
_EATEN = (MEAL_CODE[Meal.AFTER_MEAL], MEAL_CODE[Meal.BEDTIME])


@dataclass(frozen=True, eq=False)
class Middle:
    """Middle and spread of stretches of days, as they are."""

    centre: Floats
    spread: Floats
    """A robust standard deviation."""
    count: Ints
    on_days: Ints
    """Calendar days with a reading."""


@dataclass(frozen=True, eq=False)
class Usual:
    """The bands of one metric, one entry a day that was asked for."""

    days: Ints
    centre: Floats
    spread: Floats
    """A robust standard deviation."""
    half: Floats
    """Half of the band."""
    count: Ints
    """Readings behind it."""
    on_days: Ints
    """Calendar days with a reading."""

    def take(self, rows: Ints) -> "Usual":
        return Usual(
            self.days[rows],
            self.centre[rows],
            self.spread[rows],
            self.half[rows],
            self.count[rows],
            self.on_days[rows],
        )

    @property
    def low(self) -> Floats:
        return np.round(self.centre - self.half, _DIGITS)

    @property
    def high(self) -> Floats:
        return np.round(self.centre + self.half, _DIGITS)


def widening(settings: OwnNormal, false_verdicts: int) -> float:
    """How much wider a band is after so many false verdicts: 1.0 without one, `widest` at most."""
    return min(1.0 + settings.wider_per_false_verdict * false_verdicts, settings.widest)


def trusted(readings: Readings, metric: Metric) -> Readings:
    """The readings of one metric that say what is usual: no doubtful ones, none beyond the meter's range."""
    rows = readings.of(metric)
    out = rows.doubtful | rows.bounded
    return rows.take(~out) if out.any() else rows


def context_of(metric: Metric, rows: Readings) -> Ints:
    """EARLY or LATE, one a reading; of glucose by the meal where the meter knew it, by the time of day otherwise."""
    late = rows.local_us % DAY_US >= _NOON_US
    if metric is Metric.GLUCOSE:
        known = rows.meal != NO_MEAL
        late = np.where(known, np.isin(rows.meal, _EATEN), False)
    return np.where(late, LATE, EARLY)


def usual_on(
    days: Ints, own: Readings, metric: UsualOf, settings: OwnNormal, *, wider: float = 1.0, last_back: int = 0
) -> Usual:
    """The bands for `days`, each made of `own` (`trusted`, one metric) in the `settings.days` before it.

    The newest `leave_out_days` before a day are left out of its band, and `last_back` days more.
    """
    newest = days - settings.leave_out_days - last_back
    middle = middle_of(own, newest - settings.days, newest)
    count = middle.count
    centre = _drawn(middle.centre, count, metric.group_centre, settings.group_readings_centre)
    # spreads are drawn as variances, since these are what adds
    shared = np.sqrt(_drawn(middle.spread**2, count, metric.group_spread**2, settings.group_readings_spread))
    half = np.maximum(settings.width * shared, metric.least_half_width) * wider
    return Usual(days, centre, shared, half, count, middle.on_days)


def middle_of(own: Readings, first_day: Ints, end_day: Ints) -> Middle:
    """Of each stretch of days from `first_day` up to `end_day`, which is not in it."""
    first = np.searchsorted(own.local_day, first_day)
    after = np.searchsorted(own.local_day, end_day)
    median, mad = _middles(own.value, first, after - first)
    return Middle(median, _SIGMA_OF_MAD * mad, after - first, _days_between(own.local_day, first, after))


def usual_in_context(whole: Usual, context: Ints, *, own: Readings, own_context: Ints, settings: OwnNormal) -> Floats:
    """The centres for the days of `whole`, each in its `context`, drawn towards the person's own while few speak.

    `own_context` is the context of each of `own`.
    """
    centre = whole.centre.copy()
    for one in CONTEXTS:
        rows = np.flatnonzero(context == one)
        if not len(rows):
            continue
        mine = own.take(own_context == one)
        newest = whole.days[rows] - settings.leave_out_days
        first = np.searchsorted(mine.local_day, newest - settings.days)
        count = np.searchsorted(mine.local_day, newest) - first
        centre[rows] = _drawn(
            medians(mine.value, first, count), count, whole.centre[rows], settings.group_readings_context
        )
    return centre


def bands_now(
    readings: Readings, settings: OwnNormal, today: int, false_verdicts: Mapping[Metric, int]
) -> dict[Metric, Baseline]:
    """The bands of one person on a day of theirs, of each metric that has readings enough for one."""
    bands = {}
    for metric, group in settings.metric.items():
        own = trusted(readings, metric)
        verdicts = false_verdicts.get(metric, 0)
        wider = widening(settings, verdicts)
        usual = usual_on(np.array([today]), own, group, settings, wider=wider)
        if usual.count[0] >= settings.band_from_readings:
            bands[metric] = Baseline(
                metric=metric,
                centre=round(float(usual.centre[0]), _DIGITS),
                low=float(usual.low[0]),
                high=float(usual.high[0]),
                count=int(usual.count[0]),
                days=int(usual.on_days[0]),
                wider=wider,
                false_verdicts=verdicts,
            )
    return bands


def medians(value: Floats, first: Ints, count: Ints) -> Floats:
    """Of each stretch of `value`, so long from its first place on; 0 where one is empty."""
    if not int(count.max(initial=0)):
        return np.zeros(len(first))
    return _middle(_stretches(value, first, count)[0], count)


def _stretches(value: Floats, first: Ints, count: Ints) -> tuple[Floats, Bools]:
    """A row each, infinite behind its end; and what is inside."""
    widest = int(count.max())
    places = first[:, None] + np.arange(widest)
    inside: Bools = np.arange(widest) < count[:, None]
    return np.where(inside, value[np.minimum(places, len(value) - 1)], np.inf), inside


def _middles(value: Floats, first: Ints, count: Ints) -> tuple[Floats, Floats]:
    """Median and median absolute deviation of each stretch of `value`; 0 where a stretch is empty."""
    if not int(count.max(initial=0)):
        return np.zeros(len(first)), np.zeros(len(first))
    figures, inside = _stretches(value, first, count)
    median = _middle(figures, count)
    away = np.where(inside, np.abs(figures - median[:, None]), np.inf)
    return median, _middle(away, count)


def _middle(figures: Floats, count: Ints) -> Floats:
    ordered = np.sort(figures, axis=1)
    rows = np.arange(len(ordered))
    filled = np.maximum(count, 1)
    middle = (ordered[rows, (filled - 1) // 2] + ordered[rows, filled // 2]) / 2
    return np.where(count > 0, middle, 0.0)


def _days_between(local_day: Ints, first: Ints, after: Ints) -> Ints:
    """How many different days each stretch has."""
    if not len(local_day):
        return np.zeros(len(first), dtype=np.int64)
    number = np.concatenate(([0], np.cumsum(local_day[1:] != local_day[:-1])))
    last = np.maximum(after - 1, 0)
    return np.where(after > first, number[last] - number[np.minimum(first, last)] + 1, 0)


def _drawn(own: Floats, own_weight: Ints, group: float | Floats, group_weight: float) -> Floats:
    drawn: Floats = (own * own_weight + group * group_weight) / (own_weight + group_weight)
    return drawn
