"""Verdicts -> figures of one elder. Pure: the same verdicts give the same figures, whatever was in force before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.detection.limits import Limits
from cloud.detection.model import Verdict
from cloud.detection.personal.model import Override
from cloud.detection.rule import Condition
from protocols.reading import Metric

BY_OUTCOMES = "outcomes"
"""The author of a figure that moved by itself."""
Key = tuple[str, Metric]


@dataclass(frozen=True)
class Judged:
    """A nurse's word on an alert that a rule had raised."""

    rule: str
    metric: Metric
    verdict: Verdict
    at: datetime


@dataclass(frozen=True)
class Moved:
    """A figure as the verdicts have it, in the metric's canonical unit."""

    value: float
    verdicts: Mapping[str, int]
    """`false`, `right`, `technique`, and the `days` that were looked at."""


@dataclass(frozen=True)
class Change:
    """What is to be done with one figure. `moved` None: the file's figure holds again."""

    key: Key
    moved: Moved | None


def wanted(limits: Limits, judged: Iterable[Judged]) -> dict[Key, Moved]:
    """The figures that verdicts move. `technique` moves none: the value was wrong, not the limit."""
    words: dict[Key, list[Verdict]] = {}
    for one in judged:
        words.setdefault((one.rule, one.metric), []).append(one.verdict)
    found = {}
    for key, said in words.items():
        rule = limits.rule_named(key[0])
        condition = None if rule is None or rule.floor else _movable(rule.any, key[1])
        net = said.count(Verdict.FALSE) - said.count(Verdict.RIGHT)
        if condition is None or net < limits.outcomes.least_false:
            continue
        counts = {verdict.value: said.count(verdict) for verdict in Verdict}
        found[key] = Moved(_moved(condition, net, limits.outcomes.share), counts | {"days": limits.outcomes.days})
    return found


def changes(limits: Limits, judged: Sequence[Judged], overrides: Sequence[Override]) -> list[Change]:
    """What verdicts change of the figures in force.

    A clinician's own figure is left alone. Where a person ended a figure that had moved by itself, or set one and ended
    it, only verdicts after that speak.
    """
    ended: dict[Key, datetime] = {}
    for one in overrides:
        if one.ended_at is not None and one.ended_by != BY_OUTCOMES:
            key = (one.rule, one.metric)
            ended[key] = max(ended.get(key, one.ended_at), one.ended_at)
    heard = [
        one for one in judged if one.at > ended.get((one.rule, one.metric), datetime.min.replace(tzinfo=one.at.tzinfo))
    ]
    asked = wanted(limits, heard)
    in_force = {(one.rule, one.metric): one for one in overrides if one.ended_at is None}
    found = []
    for key in sorted({*asked, *in_force}):
        now, then = in_force.get(key), asked.get(key)
        if now is not None and now.author != BY_OUTCOMES:
            continue
        if then is None or now is None or now.value != then.value:
            found.append(Change(key, then))
    return found


def _movable(conditions: Iterable[Condition], metric: Metric) -> Condition | None:
    return next((one for one in conditions if one.metric is metric and one.least is not None), None)


def _moved(condition: Condition, net: int, share: float) -> float:
    """Away from the person: up for a high limit, down for a low one."""
    bound = condition.least if condition.is_low else condition.most
    value = condition.value
    if bound is None or value is None:
        raise AssertionError("a movable figure has a value and bounds")
    return round(condition.canonical(value + (bound - value) * min(share * net, 1.0)), 1)
