"""One clinical rule as configs/limits.toml writes it: conditions, how often they must be met, and what follows."""

from typing import Literal

import msgspec

from cloud.detection.model import Cause, Priority
from protocols.reading import CANONICAL_UNIT, Metric, Unit, in_canonical_unit


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table; a key that it does not know is refused."""


class Condition(Table, frozen=True):
    """One metric against one figure. `too_high_to_read` takes no figure: the meter said HI."""

    metric: Metric
    comparison: Literal["at_least", "above", "below", "at_most", "too_high_to_read"]
    value: float | None = None
    unit: Unit | None = None
    clear: float | None = None
    """The value at which an episode may calm down again; without it the limit itself."""
    least: float | None = None
    most: float | None = None
    """How far a clinician may move `value` for one elder; without them not at all."""

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
        for bound in (self.least, self.most):
            need(bound is None or (self.least is not None and self.most is not None), "expected both least and most")
        if self.least is not None and self.most is not None:
            need(self.least <= self.value <= self.most, "value must lie between least and most")

    @property
    def is_low(self) -> bool:
        return self.comparison in ("below", "at_most")

    @property
    def limit(self) -> float | None:
        """`value` in the metric's canonical unit."""
        return None if self.value is None else self.canonical(self.value)

    @property
    def clear_limit(self) -> float | None:
        """`clear` in the canonical unit; None: the limit itself."""
        return None if self.clear is None else self.canonical(self.clear)

    def canonical(self, value: float) -> float:
        """A figure of this condition in the metric's canonical unit."""
        return in_canonical_unit(self.metric, value, self.unit or CANONICAL_UNIT[self.metric])


class Once(Table, frozen=True, tag_field="kind", tag="once"):
    """A single reading is enough."""


class Repeated(Table, frozen=True, tag_field="kind", tag="repeated"):
    """`count` readings within the time, each `apart_minutes` or more from the next."""

    count: int
    within_hours: float
    apart_minutes: float = 0.0

    def __post_init__(self) -> None:
        need(self.count >= 2, "count: expected 2 or more")
        need(0 < self.within_hours <= 72, "within_hours: expected more than 0, and 72 at most")
        need(self.apart_minutes >= 0, "apart_minutes: expected 0 or more")


class Consecutive(Table, frozen=True, tag_field="kind", tag="consecutive"):
    """The newest `count` readings, all within the time, with none between them that keeps the limit."""

    count: int
    within_hours: float

    def __post_init__(self) -> None:
        need(self.count >= 2, "count: expected 2 or more")
        need(self.within_hours > 0, "within_hours: expected more than 0")


class ConsecutiveDays(Table, frozen=True, tag_field="kind", tag="consecutive_days"):
    """Each of `days` calendar days in a row."""

    days: int

    def __post_init__(self) -> None:
        need(self.days >= 2, "days: expected 2 or more")


class MeanOfDays(Table, frozen=True, tag_field="kind", tag="mean_of_days"):
    """The mean over the last `days` calendar days, from `least_days` and `least_readings` on."""

    days: int
    least_days: int
    least_readings: int
    leave_out_first_day: bool = False
    """Where all `days` have readings, the first is left out, as the guideline does."""

    def __post_init__(self) -> None:
        need(2 <= self.least_days <= self.days, "least_days: expected 2 to days")
        need(self.least_readings >= 2, "least_readings: expected 2 or more")


Persistence = Once | Repeated | Consecutive | ConsecutiveDays | MeanOfDays


class Ask(Table, frozen=True):
    """The elder is asked to measure again before anybody is told."""

    wait_minutes: float
    """So long the second measurement is waited for; without one the rule speaks then."""
    spares: bool = False
    """A second measurement behind `clear` takes the first one back, for this rule."""

    def __post_init__(self) -> None:
        need(0 < self.wait_minutes <= 60, "wait_minutes: expected more than 0, and 60 at most")


class Rule(Table, frozen=True):
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
    ask: Ask | None = None
    in_team_hours: bool = False
    """What is noticed while nobody works is told when the team begins."""
    next_morning: bool = False
    """Told when the team begins on the day after, unless a sure measurement was behind `clear` by then."""
    renew_hours: float | None = None
    """New evidence in an open episode is told again after so long, and not only on a new day."""

    def __post_init__(self) -> None:
        need(bool(self.any), "any: expected at least one condition")
        need(bool(self.source.strip()), "source: expected where the figure comes from")
        need(
            not (self.floor and (self.ask or self.in_team_hours or self.next_morning)),
            "floor: nothing holds a floor back; leave out ask, in_team_hours and next_morning",
        )
        need(self.renew_hours is None or self.renew_hours > 0, "renew_hours: expected more than 0")
        need(
            self.quiet_days == 0 or (self.priority is Priority.THIS_WEEK and not self.floor),
            "quiet_days: only a rule with priority this_week that is no floor may stay quiet",
        )

    @property
    def metrics(self) -> frozenset[Metric]:
        return frozenset(condition.metric for condition in self.any)


def need(holds: bool, expected: str) -> None:
    """Raises ValueError, which the reader of a file turns into a sentence with the key."""
    if not holds:
        raise ValueError(expected)
