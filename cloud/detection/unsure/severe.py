"""Is a measurement severe, whosever it is? Pure.

Severe is what meets a condition of a floor: of those rules nothing ever holds one back, and neither does it that nobody
knows yet whom to send for. How urgent it is, the rules of the same cause say that look at single readings or at their
repetition. Rules of days and means, and the own normal, need a person and are not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from cloud.detection.columns import Readings, readings_of, us_of
from cloud.detection.limit_layer import reason_of
from cloud.detection.limits import Limits
from cloud.detection.matches import broken_by, matches_of
from cloud.detection.model import Observation, Priority, Reason, most_urgent
from cloud.detection.news import FRESH, NEWS_AGE
from cloud.detection.rule import Once, Repeated, Rule


@dataclass(frozen=True)
class Severe:
    priority: Priority
    reasons: tuple[Reason, ...]
    """The most urgent first; at least one."""


def severe(
    record: Sequence[Observation],
    around: Sequence[Observation],
    *,
    limits: Limits,
    now: datetime,
    zone: tzinfo = UTC,
    fresh: timedelta = FRESH,
) -> Severe | None:
    """What the values of one record ask for; None where they are not severe, or no news (docs/detection.md, 4).

    `around` are other readings of the same device that are nobody's for sure either: a severe value that comes a second
    time counts as repeated, since the two are more likely one person's than not.
    """
    rows = readings_of([*around, *record], zone)
    own = readings_of(record, zone)
    causes = {
        rule.cause
        for rule in limits.rule
        if rule.floor and any(broken_by(condition, own.of(condition.metric)).any() for condition in rule.any)
    }
    news = {us_of(one.at) for one in record if one.arrived_at - one.measured_at <= fresh and now - one.at <= NEWS_AGE}
    reasons = [
        reason
        for rule in limits.rule
        if rule.cause in causes
        and isinstance(rule.persistence, Once | Repeated)
        and (reason := _reason(rule, rows, news)) is not None
    ]
    if not reasons:
        return None
    ordered = sorted(reasons, key=lambda reason: (reason.priority.rank, not reason.floor, reason.rule))
    return Severe(most_urgent(*(reason.priority for reason in ordered)), tuple(ordered))


def _reason(rule: Rule, rows: Readings, news: set[int]) -> Reason | None:
    """What `rule` says of its newest moment that is one of `news`; without waiting, since nobody can be asked."""
    matches = matches_of(rule, rows)
    for place in range(len(matches) - 1, -1, -1):
        if matches.at_us[place] in news and (run := matches.run(place)):
            return reason_of(rule, matches, run)
    return None
