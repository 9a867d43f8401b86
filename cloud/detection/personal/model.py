"""An elder's own figures, and the limits with them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from cloud.detection.limits import Limits
from cloud.detection.rule import Condition, Rule
from cloud.errors import CloudError
from protocols.reading import CANONICAL_UNIT, Metric


@dataclass(frozen=True)
class Override:
    """One figure of one elder; it is never changed, but ended, and another is set."""

    rule: str
    metric: Metric
    value: float
    """In the metric's canonical unit."""
    author: str
    reason: str
    set_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None
    override_id: int = 0

    def as_of(self, at: datetime) -> "Override":
        """As it stood just before `at`: what ended later was still in force."""
        if self.ended_at is None or self.ended_at < at:
            return self
        return replace(self, ended_at=None, ended_by=None, ended_why=None)


class OverrideRefused(CloudError):
    """The figure cannot be set; the message says what may be."""


def check(limits: Limits, rule: str, metric: Metric, value: float) -> None:
    """Raises OverrideRefused unless a clinician may set that figure: never of a floor, and only within its bounds."""
    found = limits.rule_named(rule)
    if found is None:
        names = ", ".join(one.id for one in limits.rule if _movable(one))
        raise OverrideRefused(f"there is no rule {rule!r}; those that can be set: {names}")
    if found.floor:
        raise OverrideRefused(f"{rule} is a floor: nothing moves it")
    condition = next((one for one in found.any if one.metric is metric and one.least is not None), None)
    if condition is None or condition.least is None or condition.most is None:
        raise OverrideRefused(f"the limits file names no bounds for {metric} of {rule}; it cannot be set for one elder")
    least, most = condition.canonical(condition.least), condition.canonical(condition.most)
    if not least <= value <= most:
        raise OverrideRefused(
            f"{metric} of {rule}: {value:g} {CANONICAL_UNIT[metric]} is out of its bounds, {least:g} to {most:g}"
        )


def personal(limits: Limits, overrides: Iterable[Override]) -> Limits:
    """`limits` with those overrides that are in force and that the file still allows; floors stay as they are."""
    figures = {}
    for one in overrides:
        if one.ended_at is None:
            try:
                check(limits, one.rule, one.metric, one.value)
            except OverrideRefused:
                continue  # the file has changed since: its own figure holds
            figures[one.rule, one.metric] = one.value
    if not figures:
        return limits
    return msgspec.structs.replace(limits, rule=tuple(_with(rule, figures) for rule in limits.rule))


def _with(rule: Rule, figures: dict[tuple[str, Metric], float]) -> Rule:
    if not any((rule.id, condition.metric) in figures for condition in rule.any):
        return rule
    return msgspec.structs.replace(
        rule, any=tuple(_moved(condition, figures.get((rule.id, condition.metric))) for condition in rule.any)
    )


def _moved(condition: Condition, value: float | None) -> Condition:
    """`clear` keeps its distance from the figure."""
    if value is None or condition.limit is None:
        return condition
    clear = None if condition.clear_limit is None else condition.clear_limit + value - condition.limit
    unit = CANONICAL_UNIT[condition.metric]
    return msgspec.structs.replace(condition, value=value, unit=unit, clear=clear, least=None, most=None)


def _movable(rule: Rule) -> bool:
    return not rule.floor and any(condition.least is not None for condition in rule.any)
