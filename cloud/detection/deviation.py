"""A person compared with themselves: readings far enough outside the own normal band, more than once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from cloud.detection.limits import OwnNormal
from cloud.detection.model import OWN_NORMAL, Baseline, Cause, Observation, Reason
from protocols.reading import CANONICAL_UNIT, Metric

_CAUSE_OF_METRIC = {
    Metric.SYSTOLIC: Cause.BLOOD_PRESSURE,
    Metric.DIASTOLIC: Cause.BLOOD_PRESSURE,
    Metric.PULSE: Cause.PULSE,
}


def cause_of(metric: Metric, comparison: str) -> Cause | None:
    """The cause that a deviation belongs to; None for a metric that has none."""
    if metric is Metric.GLUCOSE:
        return Cause.HYPOGLYCAEMIA if comparison == "below" else Cause.HYPERGLYCAEMIA
    return _CAUSE_OF_METRIC.get(metric)


def deviations(
    cause: Cause,
    observations: Sequence[Observation],
    bands: Mapping[Metric, Baseline],
    settings: OwnNormal,
    is_fresh_news: Callable[[Observation], bool],
) -> list[Reason]:
    """One reason a metric and side of `cause`, where `count` sure readings within the time lie beyond the band.

    All of them are news: unlike a limit, own normal does not add a reading that somebody has already looked into.
    """
    return [
        reason
        for metric in settings.metric
        for comparison in ("below", "above")
        if cause_of(metric, comparison) is cause
        and (band := bands.get(metric)) is not None
        and band.count >= settings.least_readings
        and band.days >= settings.least_days
        and (reason := _deviation(comparison, band, observations, settings, is_fresh_news)) is not None
    ]


def _deviation(
    comparison: str,
    band: Baseline,
    observations: Sequence[Observation],
    settings: OwnNormal,
    is_news: Callable[[Observation], bool],
) -> Reason | None:
    beyond = settings.metric[band.metric].beyond
    edge = band.low if comparison == "below" else band.high
    out = [
        one
        for one in observations
        if one.metric is band.metric
        and not one.doubtful
        and (one.value <= edge - beyond if comparison == "below" else one.value >= edge + beyond)
        and is_news(one)
    ]
    if not out:
        return None
    run = [one for one in out if out[-1].at - one.at < timedelta(hours=settings.within_hours)]
    if len({one.at for one in run}) < settings.count:
        return None
    widened = band.wider > 1.0
    return Reason(
        rule=OWN_NORMAL,
        priority=settings.priority,
        metric=band.metric,
        value=run[-1].value,
        unit=CANONICAL_UNIT[band.metric],
        comparison=comparison,
        limit=edge,
        at=run[-1].at,
        since=run[0].at,
        count=len({one.at for one in run}),
        wider=round(band.wider, 2) if widened else None,
        false_verdicts=band.false_verdicts if widened else None,
        source=settings.source,
        confirmed=settings.confirmed,
    )
