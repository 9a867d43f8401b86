"""What detection looks at and what it says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from protocols.reading import Flag, Meal, Metric

DOUBTFUL_FLAGS = frozenset(
    {
        Flag.BODY_MOVED,
        Flag.CUFF_LOOSE,
        Flag.BAD_POSITION,
        Flag.SENSOR_FAULT,
        Flag.SAMPLE_SHORT,
        Flag.STRIP_ERROR,
        Flag.STRIP_TYPE_WRONG,
        Flag.STRIP_PULLED,
        Flag.METER_TOO_HOT,
        Flag.METER_TOO_COLD,
    }
)
"""Flags that speak against the value. Flags of the clock or of the pulse's rhythm do not."""


class Cause(StrEnum):
    BLOOD_PRESSURE = "blood_pressure"
    PULSE = "pulse"
    HYPOGLYCAEMIA = "hypoglycaemia"
    HYPERGLYCAEMIA = "hyperglycaemia"
    TREND = "trend"
    """What is usual for the person changes."""
    AGITATION = "agitation"
    """To and fro through the home for hours."""
    NIGHT_BATHROOM = "night_bathroom"
    ROUTINE = "routine"
    """What is usual at that time does not happen."""
    SHOWER_MISSED = "shower_missed"
    LONG_STAY = "long_stay"
    SILENCE = "silence"
    """Measurements that are usual do not come."""


class Priority(StrEnum):
    NOW = "now"
    TODAY = "today"
    THIS_WEEK = "this_week"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return _RANK[self]


_RANK = {Priority.NOW: 0, Priority.TODAY: 1, Priority.THIS_WEEK: 2}


def most_urgent(first: Priority, *others: Priority) -> Priority:
    return min((first, *others), key=lambda priority: priority.rank)


class Verdict(StrEnum):
    """The nurse's word on an alert."""

    RIGHT = "right"
    FALSE = "false"
    TECHNIQUE = "technique"


@dataclass(frozen=True)
class Observation:
    """One stored reading of one elder, as far as detection needs it."""

    metric: Metric
    value: float
    """In the metric's canonical unit."""
    measured_at: datetime
    arrived_at: datetime
    """When the centre stored it."""
    flags: frozenset[Flag] = frozenset()
    meal: Meal | None = None

    @property
    def at(self) -> datetime:
        """When it was measured, as far as that can be: nothing arrives before it was measured."""
        return min(self.measured_at, self.arrived_at)

    @property
    def doubtful(self) -> bool:
        return not DOUBTFUL_FLAGS.isdisjoint(self.flags)


@dataclass(frozen=True)
class Baseline:
    """What is usual for one person: the own normal band of one metric, in its canonical unit."""

    metric: Metric
    centre: float
    low: float
    high: float
    count: int
    """Readings behind it."""
    days: int
    """Calendar days with a reading."""
    wider: float = 1.0
    """The band is this much wider because of false verdicts."""
    false_verdicts: int = 0


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why, as data: the pages make words of it in their language. The fields are explained in docs/detection.md."""

    rule: str
    priority: Priority
    metric: Metric
    value: float
    unit: str
    at: datetime
    comparison: str
    count: int
    source: str
    confirmed: bool
    limit: float | None = None
    since: datetime | None = None
    days: int | None = None
    bound: str | None = None
    doubtful: int = 0
    usual_low: float | None = None
    usual_high: float | None = None
    usual_count: int | None = None
    wider: float | None = None
    false_verdicts: int | None = None
    floor: bool = False
    detail: dict[str, float | str] = {}
    """What a layer says beside; its keys stand in docs/detection.md."""

    @property
    def first_at(self) -> datetime:
        return self.since or self.at

    @property
    def key(self) -> tuple[str, str, str]:
        """Two reasons of one key are the same reason at two times: own normal speaks by metric and side."""
        return (self.rule, self.metric, self.comparison) if self.rule.startswith(OWN_PREFIX) else (self.rule, "", "")


OWN_PREFIX = "own_"
"""Rules that compare a person with themselves begin so."""
OWN_NORMAL = "own_normal"
"""The id of the rule that compares a person with themselves."""


@dataclass(frozen=True)
class Episode:
    """An open alert."""

    cause: Cause
    priority: Priority
    reasons: tuple[Reason, ...]
    raised_at: datetime
    evidence_from: datetime
    evidence_to: datetime
    told_at: datetime | None = None
    """When it was told last: raised, made more urgent, or told again of new evidence; None: when it was raised."""
    score: float = 0.0
    """How unusual, 0 to 1; the highest that its evidence had."""
    alert_id: int = 0

    @property
    def needs_a_person(self) -> bool:
        """Whether it never ends by itself: it is urgent, or holds a floor."""
        return self.priority is Priority.NOW or any(reason.floor for reason in self.reasons)

    @property
    def last_told_at(self) -> datetime:
        return self.told_at or self.raised_at


@dataclass(frozen=True)
class ClosedEpisode:
    """A closed alert, as far as it still says what is no news."""

    evidence_to: datetime
    seen_through: datetime
    """What arrived later had not been looked at when it was closed."""
    closed_at: datetime
    rules: frozenset[str] = frozenset()
    cleared: bool = False
    """It ended by itself: nobody went there."""
