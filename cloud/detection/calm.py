"""When a reason of an open alert is over: nothing was out for so many hours, and so many moments lie behind `clear`."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import HOUR_US, METRIC_CODE, Bools, Readings
from cloud.detection.limits import Clearing
from cloud.detection.matches import broken_by, not_cleared_by, of_metrics
from cloud.detection.mean_of_days import means_of
from cloud.detection.rule import MeanOfDays, Rule


@dataclass(frozen=True)
class Moments:
    """Moments of sure readings, oldest first, and whether any reading of each was out, as plain lists."""

    at_us: list[int]
    arrived_us: list[int]
    """When all of the moment had arrived."""
    out: list[bool]

    def calm_us(self, evidence_to_us: int, clearing: Clearing) -> int | None:
        """When the first moment after `evidence_to_us` arrived at which all was calm for long enough; None: not yet."""
        hours_us = int(clearing.hours * HOUR_US)
        last_out_us, calm = evidence_to_us, 0
        for place in range(bisect_right(self.at_us, evidence_to_us), len(self.at_us)):
            if self.out[place]:
                last_out_us, calm = self.at_us[place], 0
                continue
            calm += 1
            if calm >= clearing.readings and self.at_us[place] - last_out_us >= hours_us:
                return self.arrived_us[place]
        return None


def moments_of(rows: Readings, out: Bools) -> Moments:
    """`rows` are sorted; `out` says of each whether it is."""
    if not len(rows):
        return Moments([], [], [])
    begins = np.flatnonzero(np.concatenate(([True], rows.at_us[1:] != rows.at_us[:-1])))
    return Moments(
        rows.at_us[begins].tolist(),
        np.maximum.reduceat(rows.arrived_us, begins).tolist(),
        np.logical_or.reduceat(out, begins).tolist(),
    )


def moments_of_rule(rule: Rule, readings: Readings) -> Moments:
    """Those of the rule's metrics, out where any figure is not behind `clear`; made once for the readings."""
    kept = readings.derived.get(rule.id)
    if kept is not None and kept[0] is rule:
        found: Moments = kept[1]
        return found
    rows = of_metrics(readings, rule.metrics)
    mean = rule.persistence
    out = _means_out(rule, mean, readings, rows) if isinstance(mean, MeanOfDays) else _out(rule, rows)
    moments = moments_of(rows, out)
    readings.derived[rule.id] = rule, moments
    return moments


def _out(rule: Rule, rows: Readings) -> Bools:
    """Which rows are not yet behind the rule's `clear`."""
    out = np.zeros(len(rows), dtype=np.bool_)
    for condition in rule.any:
        chosen = rows.metric == METRIC_CODE[condition.metric]
        of_metric = rows.take(chosen)
        out[chosen] |= not_cleared_by(condition, of_metric.value) | broken_by(condition, of_metric)
    return out


def _means_out(rule: Rule, mean: MeanOfDays, readings: Readings, rows: Readings) -> Bools:
    """At which rows a mean that ends with them is not yet behind `clear`, or rests on too little."""
    out = np.zeros(len(rows), dtype=np.bool_)
    for condition in rule.any:
        sure = of_metrics(readings, frozenset({condition.metric}))
        if not len(sure):
            out[:] = True
            continue
        means = means_of(mean, sure)
        calm = means.enough & ~not_cleared_by(condition, means.mean)
        newest = np.searchsorted(sure.at_us, rows.at_us, side="right") - 1
        out |= (newest < 0) | ~calm[np.maximum(newest, 0)]
    return out
