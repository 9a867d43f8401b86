"""Layer 2, band: readings far enough outside the own normal band, more than once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cloud.detection.baseline import context_of, trusted, usual_in_context, usual_on, widening
from cloud.detection.columns import HOUR_US, Bools, Floats, Ints, Readings, moment_of
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.model import OWN_NORMAL, Cause, Reason
from cloud.detection.news import NEWS_AGE_US
from cloud.detection.own_normal import OwnNormal
from protocols.reading import CANONICAL_UNIT, Metric

CAUSE_OF_METRIC: Mapping[Metric, Cause] = {
    Metric.SYSTOLIC: Cause.BLOOD_PRESSURE,
    Metric.DIASTOLIC: Cause.BLOOD_PRESSURE,
    Metric.PULSE: Cause.PULSE,
}
_SCORE = 0.2
_DIGITS = 1


def cause_of(metric: Metric, comparison: str) -> Cause | None:
    """The cause that a deviation belongs to; None for a metric that has none."""
    if metric is Metric.GLUCOSE:
        return Cause.HYPOGLYCAEMIA if comparison == "below" else Cause.HYPERGLYCAEMIA
    return CAUSE_OF_METRIC.get(metric)


def deviations(readings: Readings, profile: Profile, settings: OwnNormal, window: Window) -> Iterator[Finding]:
    """One finding a reading, metric and side, where `count` readings within the time lie beyond the band.

    All of them are news: unlike a limit, own normal does not add a reading that came late.
    """
    for metric in settings.metric:
        rows = readings.of(metric)
        oldest = window.after_us - NEWS_AGE_US - int(settings.within_hours * HOUR_US)  # no other makes a finding of it
        sure = ~rows.doubtful & (rows.arrived_us - rows.at_us <= profile.fresh_us) & (rows.at_us >= oldest)
        rows = rows.take(sure)
        if len(rows):
            yield from _sides(_beside(metric, rows, readings, profile, settings), settings, window)


@dataclass(frozen=True, eq=False)
class _Beside:
    """The fresh, sure readings of one metric beside the band of their day and context."""

    metric: Metric
    rows: Readings
    low: Floats
    high: Floats
    count: Ints
    speaks: Bools
    """Whether the band rests on enough."""
    wider: float
    false_verdicts: int


def _beside(metric: Metric, rows: Readings, readings: Readings, profile: Profile, settings: OwnNormal) -> _Beside:
    own = trusted(readings, metric)
    verdicts = profile.false_verdicts.get(metric, 0)
    wider = widening(settings, verdicts)
    days, of_day = np.unique(rows.local_day, return_inverse=True)
    daily = usual_on(days, own, settings.metric[metric], settings, wider=wider)
    whole = daily.take(of_day)
    centre = usual_in_context(
        whole, context_of(metric, rows), own=own, own_context=context_of(metric, own), settings=settings
    )
    speaks = (whole.count >= settings.least_readings) & (whole.on_days >= settings.least_days)
    low, high = np.round(centre - whole.half, _DIGITS), np.round(centre + whole.half, _DIGITS)
    return _Beside(metric, rows, low, high, whole.count, speaks, wider, verdicts)


def _sides(beside: _Beside, settings: OwnNormal, window: Window) -> Iterator[Finding]:
    usual = settings.metric[beside.metric]
    value, beyond = beside.rows.value, usual.beyond
    counts = beside.speaks & ~usual.is_calm(value)
    for comparison, out in (("below", value <= beside.low - beyond), ("above", value >= beside.high + beyond)):
        cause = cause_of(beside.metric, comparison)
        if cause is None:
            continue
        for first, last, count, known in _runs(beside.rows, out & counts, settings, window):
            yield _finding(beside, comparison, cause, (first, last, count, known), settings)


def _runs(rows: Readings, out: Bools, settings: OwnNormal, window: Window) -> Iterator[tuple[int, int, int, int]]:
    """First and last row, number of moments, and when it was known, of each run of rows that are out."""
    places = np.flatnonzero(out).tolist()
    at, arrived = rows.at_us[places].tolist(), rows.arrived_us[places].tolist()
    first = 0
    for last in range(len(places)):
        while at[last] - at[first] >= int(settings.within_hours * HOUR_US):
            first += 1
        count, known = len(set(at[first : last + 1])), max(arrived[first : last + 1])
        if count >= settings.count and window.holds(known) and known - at[last] <= NEWS_AGE_US:
            yield places[first], places[last], count, known


def _finding(
    beside: _Beside, comparison: str, cause: Cause, run: tuple[int, int, int, int], settings: OwnNormal
) -> Finding:
    first, last, count, known = run
    rows, metric = beside.rows, beside.metric
    value, edge = float(rows.value[last]), float((beside.low if comparison == "below" else beside.high)[last])
    since, at = int(rows.at_us[first]), int(rows.at_us[last])
    widened = beside.wider > 1.0
    return Finding(
        cause=cause,
        priority=settings.priority,
        score=round(_SCORE + _SCORE * min(abs(value - edge) / max(edge, 1.0), 0.5), 4),
        floor=False,
        known_us=known,
        evidence_from_us=since,
        evidence_to_us=at,
        arrived_us=known,
        reason=Reason(
            rule=OWN_NORMAL,
            priority=settings.priority,
            metric=metric,
            value=value,
            unit=CANONICAL_UNIT[metric],
            comparison=comparison,
            limit=edge,
            at=moment_of(at),
            since=moment_of(since),
            count=count,
            usual_low=float(beside.low[last]),
            usual_high=float(beside.high[last]),
            usual_count=int(beside.count[last]),
            wider=round(beside.wider, 2) if widened else None,
            false_verdicts=beside.false_verdicts if widened else None,
            source=settings.source,
            confirmed=settings.confirmed,
        ),
    )
