"""How a person is compared with themselves, as configs/limits.toml writes it."""

from typing import Literal

import numpy as np

from cloud.detection.columns import Bools, Floats
from cloud.detection.model import OWN_PREFIX, Priority
from cloud.detection.rule import Table, need
from protocols.reading import CANONICAL_UNIT, Metric, Unit


class UsualOf(Table, frozen=True):
    """What own normal needs to know about one metric; figures in `unit`, which is the canonical one."""

    unit: Unit
    group_centre: float
    group_spread: float
    least_half_width: float
    beyond: float
    """A reading counts when it lies this far outside the band."""
    step: float
    """By so much the middle must move for a step or a drift."""
    calm_from: float | None = None
    calm_to: float | None = None
    """A reading between these is nothing to send anybody for, however unusual it is; the bounds are calm too."""

    def __post_init__(self) -> None:
        need((self.calm_from is None) == (self.calm_to is None), "calm_from, calm_to: expected both or none")
        if self.calm_from is not None and self.calm_to is not None:
            need(self.calm_from < self.calm_to, "calm_from: expected less than calm_to")

    def is_calm(self, value: Floats) -> Bools:
        """Which of the values ask for nobody by themselves."""
        if self.calm_from is None or self.calm_to is None:
            return np.zeros(len(value), dtype=np.bool_)
        calm: Bools = (value >= self.calm_from) & (value <= self.calm_to)
        return calm


class Change(Table, frozen=True):
    """The middle, or the spread, of the newest days beside what was usual before them."""

    id: str
    of: Literal["middle", "spread"]
    days: int
    """The newest days that are looked at."""
    least_readings: int
    least_days: int
    spreads: float
    """`middle`: it moved by so many of the person's spreads; `spread`: it is so many times the usual one."""
    source: str
    confirmed: bool = False

    def __post_init__(self) -> None:
        need(self.id.startswith(OWN_PREFIX), f"id: expected a name that begins with {OWN_PREFIX}")
        need(1 <= self.least_days <= self.days, "least_days: expected 1 to days")
        need(self.least_readings >= 2, "least_readings: expected 2 or more")
        need(self.spreads > 0, "spreads: expected more than 0")


class Pairs(Table, frozen=True):
    """Two systolic figures beside each other: of morning and evening, or of lying and standing."""

    id: str
    of: Literal["morning_less_evening", "fall_between_two"]
    days: int
    least_pairs: int
    at_least: float
    """mm[Hg]: the median of the pairs' differences."""
    source: str
    least_mean: float = 0.0
    """mm[Hg]: and the mean of all their figures."""
    within_minutes: float = 0.0
    """`fall_between_two`: how near the second measurement follows."""
    confirmed: bool = False

    def __post_init__(self) -> None:
        need(self.id.startswith(OWN_PREFIX), f"id: expected a name that begins with {OWN_PREFIX}")
        need(self.days >= self.least_pairs >= 2, "least_pairs: expected 2 to days")
        need((self.of == "fall_between_two") == (self.within_minutes > 0), "within_minutes: of fall_between_two alone")


class OwnNormal(Table, frozen=True):
    priority: Priority
    days: int
    leave_out_days: int
    band_from_readings: int
    least_readings: int
    least_days: int
    width: float
    group_readings_centre: float
    group_readings_spread: float
    group_readings_context: float
    count: int
    within_hours: float
    quiet_days: float
    renew_hours: float
    wider_per_false_verdict: float
    widest: float
    verdict_days: float
    source: str
    confirmed: bool
    metric: dict[Metric, UsualOf]
    change: tuple[Change, ...] = ()
    pairs: tuple[Pairs, ...] = ()

    def __post_init__(self) -> None:
        need(self.priority is Priority.THIS_WEEK, "priority: own normal is never more urgent than this_week")
        need(1 <= self.band_from_readings <= self.least_readings, "band_from_readings: expected 1 to least_readings")
        need(self.width > 0 and self.days > 0, "width, days: expected more than 0")
        need(self.leave_out_days >= 0, "leave_out_days: expected 0 or more")
        need(1.0 <= self.widest <= 2.0, "widest: expected 1.0 to 2.0, so that a band stays one")
        for metric, usual in self.metric.items():
            need(usual.unit is CANONICAL_UNIT[metric], f"metric.{metric}.unit: expected {CANONICAL_UNIT[metric]}")

    @property
    def longest_days(self) -> int:
        """How far back a look reaches."""
        return self.days + self.leave_out_days + max((change.days for change in self.change), default=0) + 1
