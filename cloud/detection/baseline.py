"""What is usual for one person: a robust band for each metric, drawn towards the group while readings are few."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from math import sqrt

import numpy as np

from cloud.detection.limits import OwnNormal, UsualOf
from cloud.detection.model import Baseline, Observation
from protocols.reading import Flag, Metric

_SIGMA_OF_MAD = 1.4826  # of a normal distribution, the standard deviation in median absolute deviations
_BOUNDS = frozenset({Flag.ABOVE_RANGE, Flag.BELOW_RANGE})
_DIGITS = 1


def baselines(
    observations: Sequence[Observation],
    settings: OwnNormal,
    now: datetime,
    zone: tzinfo,
    false_verdicts: Mapping[Metric, int] | None = None,
) -> dict[Metric, Baseline]:
    """The bands of one person at `now`, of each metric that has readings enough for one.

    Doubtful readings, readings beyond the meter's range and the newest `leave_out_hours` are left out. Each false
    verdict of late on an own-normal alert widens the metric's band, within `widest`.
    """
    newest = now - timedelta(hours=settings.leave_out_hours)
    oldest = now - timedelta(days=settings.days)
    bands = {}
    for metric, usual in settings.metric.items():
        own = [
            one
            for one in set(observations)
            if one.metric is metric
            and oldest <= one.at <= newest
            and not one.doubtful
            and _BOUNDS.isdisjoint(one.flags)
        ]
        if len(own) >= settings.band_from_readings:
            verdicts = (false_verdicts or {}).get(metric, 0)
            low, centre, high = _band([one.value for one in own], usual, settings, widening(settings, verdicts))
            bands[metric] = Baseline(
                metric=metric,
                centre=centre,
                low=low,
                high=high,
                count=len(own),
                days=len({one.at.astimezone(zone).date() for one in own}),
                wider=widening(settings, verdicts),
                false_verdicts=verdicts,
            )
    return bands


def widening(settings: OwnNormal, false_verdicts: int) -> float:
    """How much wider a band is after so many false verdicts: 1.0 without one, `widest` at most."""
    return min(1.0 + settings.wider_per_false_verdict * false_verdicts, settings.widest)


def _band(values: list[float], usual: UsualOf, settings: OwnNormal, wider: float) -> tuple[float, float, float]:
    """Low edge, centre and high edge."""
    figures = np.sort(np.asarray(values, dtype=np.float64))
    median = float(np.median(figures))
    spread = _SIGMA_OF_MAD * float(np.median(np.abs(figures - median)))
    centre = _drawn(median, len(values), usual.group_centre, settings.group_readings_centre)
    # spreads are drawn as variances, since these are what adds
    shared = sqrt(_drawn(spread**2, len(values), usual.group_spread**2, settings.group_readings_spread))
    half = max(settings.width * shared, usual.least_half_width) * wider
    return round(centre - half, _DIGITS), round(centre, _DIGITS), round(centre + half, _DIGITS)


def _drawn(own: float, own_weight: float, group: float, group_weight: float) -> float:
    return (own * own_weight + group * group_weight) / (own_weight + group_weight)
