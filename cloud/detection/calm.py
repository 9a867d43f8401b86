"""When a reason of an open alert is over: nothing was out for so many hours, and so many moments lie behind `clear`."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

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
        first = bisect_right(self.at_us, evidence_to_us)
        stretch = bisect_left(self._outs, first)
        end = self._outs[stretch] if stretch < len(self._outs) else len(self.at_us)
        place = self._calm_in(evidence_to_us, first, end, clearing)
        if place is None:
            place = self._calm_after_outs(clearing)[stretch]
        return None if place is None else self.arrived_us[place]

    def _calm_in(self, last_out_us: int, first: int, end: int, clearing: Clearing) -> int | None:
        """The place at which it is calm for long enough in a stretch of moments none of which is out."""
        place = bisect_left(self.at_us, last_out_us + int(clearing.hours * HOUR_US), first, end)
        place = max(place, first + clearing.readings - 1)
        return place if place < end else None

    @cached_property
    def _outs(self) -> list[int]:
        """The places that are out."""
        return [place for place, out in enumerate(self.out) if out]

    def _calm_after_outs(self, clearing: Clearing) -> list[int | None]:
        """Of each place that is out, and behind the last: where it is calm for long enough after it."""
        kept = self._after_outs.get(clearing)
        if kept is None:
            kept = [None]
            ends = [*self._outs[1:], len(self.at_us)]
            for out, end in zip(reversed(self._outs), reversed(ends), strict=False):
                place = self._calm_in(self.at_us[out], out + 1, end, clearing)
                kept.append(kept[-1] if place is None else place)
            kept.reverse()
            self._after_outs[clearing] = kept
        return kept

    @cached_property
    def _after_outs(self) -> dict[Clearing, list[int | None]]:
        return {}


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
