"""The moments at which a clinical rule's conditions are met, and how often they must be for the rule to hold.

All readings of one instant (a cuff gives three) are one moment. A doubtful reading counts only beside a sure one.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cloud.detection.columns import (
    BOUND_BITS,
    DAY_US,
    FLAG_BIT,
    HOUR_US,
    METRIC_CODE,
    MINUTE_US,
    Bools,
    Floats,
    Readings,
)
from cloud.detection.rule import Condition, Consecutive, ConsecutiveDays, Once, Repeated, Rule
from protocols.reading import Flag, Metric

_BESIDE_US = 24 * HOUR_US  # how near a sure reading must stand for a doubtful one to count
_COUNTED_BACK_US = 24 * HOUR_US  # how far "twice since ..." looks back for a rule that one reading breaks


@dataclass(frozen=True)
class Matches:
    """The moments of a rule, oldest first, as plain lists: they are few, and are walked one by one."""

    rule: Rule
    at_us: list[int]
    arrived_us: list[int]
    local_day: list[int]
    local_shift_us: list[int]
    """The home's clock less UTC."""
    value: list[float]
    condition: list[int]
    """Index into `rule.any`."""
    flags: list[int]
    doubtful: list[bool]
    readings: Readings

    def __len__(self) -> int:
        return len(self.at_us)

    def metric(self, place: int) -> Metric:
        return self.rule.any[self.condition[place]].metric

    def bound(self, place: int) -> str | None:
        bits = self.flags[place] & BOUND_BITS
        if not bits:
            return None
        return "lower" if bits & FLAG_BIT[Flag.ABOVE_RANGE] else "upper"

    def run(self, place: int) -> list[int]:
        """The moments that make the rule hold, `place` the newest of them; empty where it does not hold."""
        match self.rule.persistence:
            case Once():
                return self._before(place, _COUNTED_BACK_US)
            case Repeated(count=count, within_hours=hours, apart_minutes=minutes):
                run = self._apart(self._before(place, int(hours * HOUR_US)), int(minutes * MINUTE_US))
                return run if len(run) >= count else []
            case Consecutive(count=count, within_hours=hours):
                kept = bisect_left(self.kept_us, self.at_us[place])
                since = self.kept_us[kept - 1] if kept else None
                run = [
                    one for one in self._before(place, int(hours * HOUR_US)) if since is None or self.at_us[one] > since
                ]
                return run if len(run) >= count else []
            case ConsecutiveDays(days=days):
                last = self.local_day[place]
                run = [one for one in self._before(place, (days + 1) * DAY_US) if self.local_day[one] > last - days]
                return run if len({self.local_day[one] for one in run}) == days else []
            case _:
                raise AssertionError("a mean has no run of matches")

    @cached_property
    def kept_us(self) -> list[int]:
        """The sure moments of the rule's metrics at which the limit was kept."""
        return [int(at) for at in np.setdiff1d(of_metrics(self.readings, self.rule.metrics).at_us, self.at_us)]

    @cached_property
    def _sure_us(self) -> list[int]:
        return [at for at, doubtful in zip(self.at_us, self.doubtful, strict=True) if not doubtful]

    def _before(self, place: int, within_us: int) -> list[int]:
        """The moments that count at `place`, itself the last; empty where it is doubtful and stands alone."""
        newest = self.at_us[place]
        first = bisect_right(self.at_us, newest - within_us, 0, place + 1)
        if len(self._sure_us) == len(self):
            return list(range(first, place + 1))
        return (
            [one for one in range(first, place + 1) if self._counts(one, newest)] if self._counts(place, newest) else []
        )

    def _counts(self, place: int, newest_us: int) -> bool:
        """Whether the moment is sure, or a sure one until `newest_us` stands near enough."""
        if not self.doubtful[place]:
            return True
        at = self.at_us[place]
        beside = bisect_left(self._sure_us, at - _BESIDE_US)
        return beside < len(self._sure_us) and self._sure_us[beside] <= min(at + _BESIDE_US, newest_us)

    def _apart(self, run: list[int], apart_us: int) -> list[int]:
        """The newest, and of the older ones those that stand far enough from the one kept before."""
        kept: list[int] = []
        for one in reversed(run):
            if not kept or self.at_us[kept[-1]] - self.at_us[one] >= apart_us:
                kept.append(one)
        return kept[::-1]


def matches_of(rule: Rule, readings: Readings) -> Matches:
    """One match a moment: a sure one, of the first condition, farthest out."""
    parts = [
        (place, rows, rows.take(broken), condition.is_low)
        for place, condition in enumerate(rule.any)
        if _may_break(condition, rows := readings.of(condition.metric)) and (broken := broken_by(condition, rows)).any()
    ]
    if not parts:
        return Matches(rule, [], [], [], [], [], [], [], [], readings)
    at = np.concatenate([rows.at_us for _, _, rows, _ in parts])
    doubtful = np.concatenate([rows.doubtful for _, _, rows, _ in parts])
    value = np.concatenate([rows.value for _, _, rows, _ in parts])
    farther = np.concatenate([rows.value if low else -rows.value for _, _, rows, low in parts])
    condition_of = np.concatenate([np.full(len(rows), place, dtype=np.int64) for place, _, rows, _ in parts])
    arrived = np.concatenate([rows.arrived_us for _, _, rows, _ in parts])
    order = np.lexsort((arrived, farther, condition_of, doubtful, at))
    first = np.concatenate(([True], at[order][1:] != at[order][:-1]))
    chosen = order[first]
    local = np.concatenate([rows.local_us for _, _, rows, _ in parts])[chosen]
    return Matches(
        rule=rule,
        at_us=at[chosen].tolist(),
        arrived_us=arrived[chosen].tolist(),
        local_day=(local // DAY_US).tolist(),
        local_shift_us=(local - at[chosen]).tolist(),
        value=value[chosen].tolist(),
        condition=condition_of[chosen].tolist(),
        flags=np.concatenate([rows.flags for _, _, rows, _ in parts])[chosen].tolist(),
        doubtful=doubtful[chosen].tolist(),
        readings=readings,
    )


def broken_by(condition: Condition, readings: Readings) -> Bools:
    """Which of the readings, all of the condition's metric, are out."""
    if condition.limit is None:
        high: Bools = (readings.flags & FLAG_BIT[Flag.ABOVE_RANGE]) != 0
        return high
    return met_by(condition, readings.value)


def met_by(condition: Condition, value: Floats) -> Bools:
    """Which figures, in the canonical unit, are out."""
    limit = condition.limit
    if limit is None:
        return np.zeros(len(value), dtype=np.bool_)
    match condition.comparison:
        case "at_least":
            return value >= limit
        case "above":
            return value > limit
        case "below":
            return value < limit
        case _:
            return value <= limit


def not_cleared_by(condition: Condition, value: Floats) -> Bools:
    """Which figures do not lie behind the condition's `clear`."""
    clear = condition.clear_limit
    if clear is None:
        return met_by(condition, value)
    return value < clear if condition.is_low else value > clear


def of_metrics(readings: Readings, metrics: frozenset[Metric]) -> Readings:
    """The sure readings of several metrics."""
    if len(metrics) == 1:
        rows = readings.of(next(iter(metrics)))
        return rows.take(~rows.doubtful) if rows.doubtful.any() else rows
    chosen = np.zeros(len(readings), dtype=np.bool_)
    for metric in metrics:
        chosen |= readings.metric == METRIC_CODE[metric]
    return readings.take(chosen & ~readings.doubtful)


def _may_break(condition: Condition, rows: Readings) -> bool:
    """Whether any of the rows can be out at all: most rules meet nothing in most lives."""
    limit = condition.limit
    if not len(rows):
        return False
    if limit is None:
        return bool(rows.bounded.any())
    lowest, highest = rows.reach
    return lowest <= limit if condition.is_low else highest >= limit
