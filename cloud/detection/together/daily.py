"""A person's last day beside the weeks before it, as numbers. Pure."""

import numpy as np

from cloud.detection.columns import DAY_US, Floats, Readings
from cloud.detection.own_normal import OwnNormal
from protocols.reading import Metric

METRICS = (Metric.SYSTOLIC, Metric.DIASTOLIC, Metric.PULSE, Metric.GLUCOSE)
WIDTH = 3 * len(METRICS)
_DAYS = 28
_FARTHEST = 10.0


def day_of(readings: Readings, at_us: int, settings: OwnNormal) -> Floats:
    """Of each metric, of the 24 h up to `at_us`: how far the middle and the farthest value lie from the middle of the
    28 days before, in the group's spreads, and how many values there are beside the usual number.

    What arrived later than `at_us` is not looked at. A metric without values is 0, as on a usual day.
    """
    row = np.zeros(WIDTH)
    for place, metric in enumerate(METRICS):
        own = readings.of(metric)
        known = own.take(own.arrived_us <= at_us)
        today = known.value[known.at_us > at_us - DAY_US]
        before = known.value[(known.at_us <= at_us - DAY_US) & (known.at_us > at_us - (_DAYS + 1) * DAY_US)]
        if not len(today):
            continue
        usual = settings.metric.get(metric)
        spread = 1.0 if usual is None else usual.group_spread
        middle = float(np.median(before)) if len(before) else (0.0 if usual is None else usual.group_centre)
        away = np.clip((today - middle) / spread, -_FARTHEST, _FARTHEST)
        row[3 * place] = np.median(away)
        row[3 * place + 1] = away[np.argmax(np.abs(away))]
        row[3 * place + 2] = np.log1p(len(today)) - np.log1p(len(before) / _DAYS)
    return row
