"""One cause of one elder: open an episode, extend it, escalate it, let it clear, or leave it.

Pure: the live worker and a replay over files decide by this very function.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from cloud.detection.deviation import deviations
from cloud.detection.firing import in_order, mean_of, reason_of, series_of_days
from cloud.detection.limits import Limits, MeanOfDays, Rule
from cloud.detection.model import (
    OWN_NORMAL,
    Baseline,
    Cause,
    ClosedEpisode,
    Episode,
    Observation,
    Priority,
    Reason,
    most_urgent,
)
from protocols.reading import Metric

FRESH = timedelta(hours=24)
"""A reading that took longer than this to arrive is no news, unless the configuration says otherwise."""
NEWS_AGE = timedelta(hours=72)
"""Nothing older is news, however it came: a history that is loaded raises nobody from bed."""


@dataclass(frozen=True)
class Leave:
    """Nothing new."""


@dataclass(frozen=True)
class Open:
    priority: Priority
    reasons: tuple[Reason, ...]
    evidence_from: datetime
    evidence_to: datetime


@dataclass(frozen=True)
class Extend:
    priority: Priority
    reasons: tuple[Reason, ...]
    evidence_from: datetime
    evidence_to: datetime
    escalated: bool
    """The priority rose with this evidence."""


@dataclass(frozen=True)
class Close:
    """The evidence is gone for long enough."""


Decision = Leave | Open | Extend | Close


def evaluate(
    cause: Cause,
    readings: Sequence[Observation],
    open_episode: Episode | None,
    *,
    limits: Limits,
    baseline: Mapping[Metric, Baseline],
    now: datetime,
    zone: tzinfo = UTC,
    fresh: timedelta = FRESH,
    closed: Sequence[ClosedEpisode] = (),
) -> Decision:
    """What to do about `cause`, given one elder's readings in any order and any number of copies.

    `closed` are the elder's former episodes of this cause, `zone` the home's: it says where a day begins.
    """
    observations = in_order(readings)

    def is_news(one: Observation) -> bool:
        return one.arrived_at - one.measured_at <= fresh and now - one.at <= NEWS_AGE and not _is_settled(one, closed)

    own_normal = limits.own_normal
    firing = [
        reason
        for rule in limits.rules_of(cause)
        if not _is_quiet(rule.id, rule.quiet_days, closed, now)
        and (reason := reason_of(rule, observations, is_news, zone)) is not None
    ]
    if not _is_quiet(OWN_NORMAL, own_normal.quiet_days, closed, now):
        firing += deviations(cause, observations, baseline, own_normal, is_news)
    firing = [_beside_usual(reason, baseline) for reason in firing]

    if open_episode is None:
        if not firing:
            return Leave()
        opened = _opened(firing)
        candidate = Episode(cause, opened.priority, opened.reasons, now, opened.evidence_from, opened.evidence_to)
        # gone already, as after a day on which nobody looked: it would be closed at the next look
        return Leave() if _has_cleared(candidate, observations, limits, zone) else opened
    extended = _extended(open_episode, firing)
    if extended is not None:
        return extended
    if _has_cleared(open_episode, observations, limits, zone):
        return Close()
    return Leave()


def _is_settled(one: Observation, closed: Sequence[ClosedEpisode]) -> bool:
    """Whether a person had it before them when they closed an episode."""
    return any(one.at <= former.evidence_to and one.arrived_at <= former.seen_through for former in closed)


def _is_quiet(rule: str, quiet_days: float, closed: Sequence[ClosedEpisode], now: datetime) -> bool:
    return any(rule in former.rules and now - former.closed_at < timedelta(days=quiet_days) for former in closed)


def _beside_usual(reason: Reason, bands: Mapping[Metric, Baseline]) -> Reason:
    band = bands.get(reason.metric)
    if band is None:
        return reason
    return msgspec.structs.replace(reason, usual_low=band.low, usual_high=band.high, usual_count=band.count)


def _sorted(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: (reason.priority.rank, not reason.floor, reason.key)))


def _opened(firing: Sequence[Reason]) -> Open:
    return Open(
        priority=most_urgent(*(reason.priority for reason in firing)),
        reasons=_sorted(firing),
        evidence_from=min(reason.first_at for reason in firing),
        evidence_to=max(reason.at for reason in firing),
    )


def _extended(episode: Episode, firing: Sequence[Reason]) -> Extend | None:
    known = {reason.key: reason for reason in episode.reasons}
    new = {reason.key: reason for reason in firing if _adds_to(known.get(reason.key), reason)}
    if not new:
        return None
    priority = most_urgent(episode.priority, *(reason.priority for reason in new.values()))
    return Extend(
        priority=priority,
        reasons=_sorted([*{**known, **new}.values()]),
        evidence_from=min(episode.evidence_from, *(reason.first_at for reason in new.values())),
        evidence_to=max(episode.evidence_to, *(reason.at for reason in new.values())),
        escalated=priority is not episode.priority,
    )


def _adds_to(known: Reason | None, reason: Reason) -> bool:
    """Whether `reason` rests on other readings than the one that the episode holds already."""
    if known is None:
        return True
    if reason.at < known.at:
        return False
    return (reason.at, reason.first_at, reason.count, reason.value) != (
        known.at,
        known.first_at,
        known.count,
        known.value,
    )


def _has_cleared(episode: Episode, observations: Sequence[Observation], limits: Limits, zone: tzinfo) -> bool:
    if episode.priority is Priority.NOW or any(reason.floor for reason in episode.reasons):
        return False
    return all(_reason_has_cleared(reason, episode, observations, limits, zone) for reason in episode.reasons)


def _reason_has_cleared(
    reason: Reason, episode: Episode, observations: Sequence[Observation], limits: Limits, zone: tzinfo
) -> bool:
    rule = limits.rule_named(reason.rule)
    metrics = rule.metrics if rule else {reason.metric}
    since = [one for one in observations if one.metric in metrics and not one.doubtful and one.at > episode.evidence_to]
    if len({one.at for one in since}) < limits.clearing.readings:
        return False
    if since[-1].at - episode.evidence_to < timedelta(hours=limits.clearing.hours):
        return False
    if rule is not None:
        return _rule_has_cleared(rule, since, observations, zone)
    if reason.rule == OWN_NORMAL and reason.limit is not None:
        below = reason.comparison == "below"
        return all(one.value >= reason.limit if below else one.value <= reason.limit for one in since)
    return False  # a rule that is no longer in the file: a person has to look


def _rule_has_cleared(
    rule: Rule, since: Sequence[Observation], observations: Sequence[Observation], zone: tzinfo
) -> bool:
    if isinstance(rule.persistence, MeanOfDays):
        last_day = since[-1].at.astimezone(zone).date()
        series = [
            (condition, series_of_days(rule.persistence, condition.metric, observations, last_day, zone))
            for condition in rule.any
        ]
        return all(run and condition.cleared_by(mean_of(run)) for condition, run in series)
    return not any(
        condition.broken_by(one) or (condition.metric is one.metric and not condition.cleared_by(one.value))
        for one in since
        for condition in rule.any
    )
