"""The clinical limits as data: configs/limits.toml -> frozen rules, or one sentence that says what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from cloud.detection.model import OWN_NORMAL, Cause, Observation, Priority
from protocols.configuration import ConfigurationError, decode_configuration
from protocols.reading import CANONICAL_UNIT, Flag, Metric, Unit, in_canonical_unit


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table; a key that it does not know is refused."""


class Condition(_Table, frozen=True):
    """One metric against one figure. `too_high_to_read` takes no figure: the meter said HI."""

    metric: Metric
    comparison: Literal["at_least", "above", "below", "at_most", "too_high_to_read"]
    value: float | None = None
    unit: Unit | None = None
    clear: float | None = None

    def __post_init__(self) -> None:
        if (self.comparison == "too_high_to_read") != (self.value is None):
            raise ValueError("expected value = NUMBER, and none with comparison = 'too_high_to_read'")
        if self.value is None:
            return
        if self.unit is None:
            raise ValueError("expected unit beside value")
        in_canonical_unit(self.metric, self.value, self.unit)
        if self.clear is not None and (self.clear < self.value if self.is_low else self.clear > self.value):
            raise ValueError("clear must lie on the healthy side of value")

    @property
    def is_low(self) -> bool:
        return self.comparison in ("below", "at_most")

    @property
    def limit(self) -> float | None:
        """`value` in the metric's canonical unit."""
        return None if self.value is None else self._canonical(self.value)

    def met_by(self, value: float) -> bool:
        """Whether a figure in the canonical unit is out. For a reading use `broken_by`."""
        limit = self.limit
        if limit is None:
            return False
        match self.comparison:
            case "at_least":
                return value >= limit
            case "above":
                return value > limit
            case "below":
                return value < limit
            case _:
                return value <= limit

    def broken_by(self, observation: Observation) -> bool:
        if observation.metric is not self.metric:
            return False
        if self.comparison == "too_high_to_read":
            return Flag.ABOVE_RANGE in observation.flags
        return self.met_by(observation.value)

    def cleared_by(self, value: float) -> bool:
        """Whether a figure lies back on the healthy side of `clear`."""
        if self.value is None or self.clear is None:
            return not self.met_by(value)
        clear = self._canonical(self.clear)
        return value >= clear if self.is_low else value <= clear

    def _canonical(self, value: float) -> float:
        return in_canonical_unit(self.metric, value, self.unit or CANONICAL_UNIT[self.metric])


class Once(_Table, frozen=True, tag_field="kind", tag="once"):
    """A single reading is enough."""


class Repeated(_Table, frozen=True, tag_field="kind", tag="repeated"):
    """`count` readings within the time, each `apart_minutes` or more from the next."""

    count: int
    within_hours: float
    apart_minutes: float = 0.0

    def __post_init__(self) -> None:
        _need(self.count >= 2, "count: expected 2 or more")
        _need(self.within_hours > 0, "within_hours: expected more than 0")
        _need(self.apart_minutes >= 0, "apart_minutes: expected 0 or more")


class Consecutive(_Table, frozen=True, tag_field="kind", tag="consecutive"):
    """The newest `count` readings, all within the time, with none between them that keeps the limit."""

    count: int
    within_hours: float

    def __post_init__(self) -> None:
        _need(self.count >= 2, "count: expected 2 or more")
        _need(self.within_hours > 0, "within_hours: expected more than 0")


class ConsecutiveDays(_Table, frozen=True, tag_field="kind", tag="consecutive_days"):
    """Each of `days` calendar days in a row."""

    days: int

    def __post_init__(self) -> None:
        _need(self.days >= 2, "days: expected 2 or more")


class MeanOfDays(_Table, frozen=True, tag_field="kind", tag="mean_of_days"):
    """The mean over the last `days` calendar days, from `least_days` and `least_readings` on."""

    days: int
    least_days: int
    least_readings: int
    leave_out_first_day: bool = False
    """Where all `days` have readings, the first is left out, as the guideline does."""

    def __post_init__(self) -> None:
        _need(2 <= self.least_days <= self.days, "least_days: expected 2 to days")
        _need(self.least_readings >= 2, "least_readings: expected 2 or more")


Persistence = Once | Repeated | Consecutive | ConsecutiveDays | MeanOfDays


class Rule(_Table, frozen=True):
    id: str
    cause: Cause
    priority: Priority
    any: tuple[Condition, ...]
    persistence: Persistence
    source: str
    confirmed: bool
    floor: bool = False
    """Nothing suppresses it."""
    quiet_days: float = 0.0
    """After an episode with this rule closed, it stays quiet this long."""

    def __post_init__(self) -> None:
        _need(bool(self.any), "any: expected at least one condition")
        _need(bool(self.source.strip()), "source: expected where the figure comes from")
        _need(self.id != OWN_NORMAL, f"id: {OWN_NORMAL} is the name of the rule in [own_normal]; take another")
        _need(
            self.quiet_days == 0 or (self.priority is Priority.THIS_WEEK and not self.floor),
            "quiet_days: only a rule with priority this_week that is no floor may stay quiet",
        )

    @property
    def metrics(self) -> frozenset[Metric]:
        return frozenset(condition.metric for condition in self.any)


class UsualOf(_Table, frozen=True):
    """What own normal needs to know about one metric; figures in `unit`, which is the canonical one."""

    unit: Unit
    group_centre: float
    group_spread: float
    least_half_width: float
    beyond: float


class OwnNormal(_Table, frozen=True):
    """How a person is compared with themselves."""

    priority: Priority
    days: int
    leave_out_hours: float
    band_from_readings: int
    least_readings: int
    least_days: int
    width: float
    group_readings_centre: float
    group_readings_spread: float
    count: int
    within_hours: float
    quiet_days: float
    wider_per_false_verdict: float
    widest: float
    verdict_days: float
    source: str
    confirmed: bool
    metric: dict[Metric, UsualOf]

    def __post_init__(self) -> None:
        _need(self.priority is Priority.THIS_WEEK, "priority: own normal is never more urgent than this_week")
        _need(1 <= self.band_from_readings <= self.least_readings, "band_from_readings: expected 1 to least_readings")
        _need(self.width > 0 and self.days > 0, "width, days: expected more than 0")
        _need(1.0 <= self.widest <= 2.0, "widest: expected 1.0 to 2.0, so that a band stays one")
        for metric, usual in self.metric.items():
            _need(usual.unit is CANONICAL_UNIT[metric], f"metric.{metric}.unit: expected {CANONICAL_UNIT[metric]}")


class Signed(_Table, frozen=True):
    by: str = ""
    on: str = ""


class Clearing(_Table, frozen=True):
    hours: float = 24.0
    readings: int = 2


class Limits(_Table, frozen=True):
    rule: tuple[Rule, ...]
    own_normal: OwnNormal
    signed: Signed = Signed()
    clearing: Clearing = Clearing()

    def __post_init__(self) -> None:
        ids = [rule.id for rule in self.rule]
        for name in ids:
            _need(ids.count(name) == 1, f"rule: id {name!r} stands twice; expected one rule an id")

    @property
    def is_signed(self) -> bool:
        """Whether a clinician stands for this set; pages say so until one does."""
        return bool(self.signed.by and self.signed.on)

    def rules_of(self, cause: Cause) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rule if rule.cause is cause)

    def rule_named(self, name: str) -> Rule | None:
        return next((rule for rule in self.rule if rule.id == name), None)

    def conditions_of(self, metric: Metric) -> Iterator[tuple[Rule, Condition]]:
        """Every figure that `metric` is compared with, for a chart's limit lines."""
        for rule in self.rule:
            for condition in rule.any:
                if condition.metric is metric:
                    yield rule, condition


def load_limits(path: Path) -> Limits:
    """The limits at `path`. Raises ConfigurationError, one sentence that names file, key and expected form."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror}; name the limits file in detection.limits"
        ) from error
    return decode_configuration(Limits, text, str(path))


def _need(holds: bool, expected: str) -> None:
    if not holds:
        raise ValueError(expected)
