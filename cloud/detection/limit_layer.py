"""Layer 1: the clinical limits over an elder's columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cloud.detection.calm import moments_of_rule
from cloud.detection.columns import HOUR_US, History, Ints, Readings, moment_of
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.matches import Matches, matches_of, met_by, of_metrics
from cloud.detection.mean_of_days import means_of
from cloud.detection.model import Priority, Reason
from cloud.detection.news import NEWS_AGE_US, Told
from cloud.detection.rule import Condition, ConsecutiveDays, MeanOfDays, Rule
from protocols.reading import CANONICAL_UNIT

_AHEAD_US = 36 * HOUR_US  # no waiting for a second measurement and no night is longer
_BACK_US = NEWS_AGE_US + 72 * HOUR_US  # what is older is no news, nor a companion of any
_SCORE = {Priority.NOW: 0.9, Priority.TODAY: 0.6, Priority.THIS_WEEK: 0.3}
_SCORE_OF_DISTANCE = 0.1


@dataclass(frozen=True)
class LimitLayer:
    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        found = [
            finding for rule in limits.rule for finding in _findings_of(rule, history.readings, profile, limits, window)
        ]
        found.sort(key=lambda finding: finding.known_us)
        return found

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, _profile: Profile, limits: Limits
    ) -> int | None:
        rule = limits.rule_named(reason.rule)
        if rule is None:
            return None  # a rule that is no longer in the file: a person has to look
        return moments_of_rule(rule, history.readings).calm_us(evidence_to_us, limits.clearing)

    def owns(self, _reason: Reason) -> bool:
        return True  # whatever no other layer knows is a rule of the file, or was one

    def next_look_us(self, history: History, profile: Profile, limits: Limits, now_us: int) -> int | None:
        rows = history.readings
        first = int(np.searchsorted(rows.at_us, now_us - _BACK_US))
        if first == len(rows):
            return None  # nothing is left that could still be waiting
        near, window = rows.take(slice(first, None)), Window(now_us, now_us + _AHEAD_US)
        return min(
            (
                finding.known_us
                for rule in limits.rule
                if rule.ask is not None or rule.in_team_hours or rule.next_morning
                for finding in _findings_of(rule, near, profile, limits, window)
            ),
            default=None,
        )


def _findings_of(rule: Rule, readings: Readings, profile: Profile, limits: Limits, window: Window) -> Iterator[Finding]:
    if isinstance(rule.persistence, MeanOfDays):
        yield from _means(rule, rule.persistence, readings=readings, profile=profile, limits=limits, window=window)
        return
    matches = matches_of(rule, readings)
    told = Told(matches, limits.team, profile.fresh_us)
    oldest = window.after_us - NEWS_AGE_US
    for place in range(len(matches)):
        if matches.at_us[place] < oldest or not (run := matches.run(place)):
            continue
        known = told.at_us(place, run)
        if known is not None and window.holds(known):
            yield _finding(rule, matches, run, known)


def _finding(rule: Rule, matches: Matches, run: list[int], known_us: int) -> Finding:
    newest = run[-1]
    condition = rule.any[matches.condition[newest]]
    arrived = max(matches.arrived_us[one] for one in run)
    return Finding(
        cause=rule.cause,
        priority=rule.priority,
        score=score_of(rule, condition, matches.value[newest]),
        floor=rule.floor,
        known_us=known_us,
        evidence_from_us=matches.at_us[run[0]],
        evidence_to_us=matches.at_us[newest],
        arrived_us=arrived,
        reason=reason_of(rule, matches, run),
    )


def reason_of(rule: Rule, matches: Matches, run: list[int]) -> Reason:
    """What the rule says of a run of its moments."""
    newest = run[-1]
    condition = rule.any[matches.condition[newest]]
    by_days = isinstance(rule.persistence, ConsecutiveDays)
    return Reason(
        rule=rule.id,
        priority=rule.priority,
        metric=condition.metric,
        value=matches.value[newest],
        unit=CANONICAL_UNIT[condition.metric],
        comparison=condition.comparison,
        limit=condition.limit,
        at=moment_of(matches.at_us[newest]),
        since=moment_of(matches.at_us[run[0]]),
        count=len(run),
        days=len({matches.local_day[one] for one in run}) if by_days else None,
        bound=matches.bound(newest),
        doubtful=sum(matches.doubtful[one] for one in run),
        floor=rule.floor,
        source=rule.source,
        confirmed=rule.confirmed,
    )


def _means(
    rule: Rule, mean: MeanOfDays, *, readings: Readings, profile: Profile, limits: Limits, window: Window
) -> Iterator[Finding]:
    """One finding a day and condition, at the first reading of the day with which the mean meets it."""
    for condition in rule.any:
        sure = of_metrics(readings, frozenset({condition.metric}))
        if not len(sure):
            continue
        means = means_of(mean, sure)
        met = means.enough & met_by(condition, means.mean)
        arrived: Ints = np.maximum.accumulate(sure.arrived_us)
        days, first = np.unique(sure.local_day[met], return_index=True)
        for place in np.flatnonzero(met)[first].tolist() if len(days) else []:
            at, known = int(sure.at_us[place]), int(arrived[place])
            late = int(sure.arrived_us[place]) - at > profile.fresh_us or known - at > NEWS_AGE_US
            if rule.in_team_hours:
                known = limits.team.at_work_us(known, int(sure.local_us[place]) - at)
            if late or not window.holds(known):
                continue
            since = int(sure.at_us[means.first[place]])
            yield Finding(
                cause=rule.cause,
                priority=rule.priority,
                score=score_of(rule, condition, float(means.mean[place])),
                floor=rule.floor,
                known_us=known,
                evidence_from_us=since,
                evidence_to_us=at,
                arrived_us=int(arrived[place]),
                reason=Reason(
                    rule=rule.id,
                    priority=rule.priority,
                    metric=condition.metric,
                    value=float(means.mean[place]),
                    unit=CANONICAL_UNIT[condition.metric],
                    comparison=condition.comparison,
                    limit=condition.limit,
                    at=moment_of(at),
                    since=moment_of(since),
                    count=int(means.count[place]),
                    days=int(means.days[place]),
                    floor=rule.floor,
                    source=rule.source,
                    confirmed=rule.confirmed,
                ),
            )


def score_of(rule: Rule, condition: Condition, value: float) -> float:
    """A floor 1; otherwise by priority, and within it by how far the value lies beyond the limit."""
    if rule.floor:
        return 1.0
    limit = condition.limit
    beyond = 0.5 if not limit else min(abs(value - limit) / limit, 0.5)
    return round(_SCORE[rule.priority] + 2 * _SCORE_OF_DISTANCE * beyond * 0.99, 4)
