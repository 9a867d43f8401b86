"""Which clinical rules hold on a run of readings, and the reason each of them gives.

A rule looks at moments: all readings of one instant (a cuff gives three) are one. It holds at a moment that is news;
older and late readings only count as its companions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean

from cloud.detection.limits import (
    Condition,
    Consecutive,
    ConsecutiveDays,
    MeanOfDays,
    Once,
    Repeated,
    Rule,
)
from cloud.detection.model import Observation, Reason
from protocols.reading import CANONICAL_UNIT, Flag, Metric

IsNews = Callable[[Observation], bool]

_BESIDE = timedelta(hours=24)  # how near a sure reading must stand for a doubtful one to count
_COUNTED_BACK = timedelta(hours=24)  # how far "twice since ..." looks back for a rule that one reading breaks
_MEAN_DIGITS = 1


@dataclass(frozen=True)
class _Match:
    """A reading that meets a condition; one a moment."""

    observation: Observation
    condition: Condition

    @property
    def at(self) -> datetime:
        return self.observation.at


def in_order(observations: Sequence[Observation]) -> list[Observation]:
    """Each reading once, oldest first: the order of arrival means nothing."""
    return sorted(set(observations), key=lambda one: (one.at, one.metric, one.value, one.arrived_at, sorted(one.flags)))


def reason_of(rule: Rule, observations: Sequence[Observation], is_news: IsNews, zone: tzinfo) -> Reason | None:
    """What `rule` says of `observations` (`in_order`), or None where it does not hold. `zone` is the home's."""
    persistence = rule.persistence
    if isinstance(persistence, MeanOfDays):
        return _reason_of_mean(rule, persistence, observations, is_news, zone)
    matches = _matches(rule, observations)
    for place in range(len(matches) - 1, -1, -1):
        if not is_news(matches[place].observation):
            continue
        run = _run_ending_at(place, matches, rule, observations, zone)
        if run:
            return _reason(rule, run, zone)
    return None


def _matches(rule: Rule, observations: Sequence[Observation]) -> list[_Match]:
    """One match a moment, oldest first; doubtful ones only beside a sure one."""
    of_moment: dict[datetime, _Match] = {}
    for observation in observations:
        for condition in rule.any:
            if condition.broken_by(observation):
                match = _Match(observation, condition)
                known = of_moment.get(match.at)
                if known is None or _weight(match, rule) < _weight(known, rule):
                    of_moment[match.at] = match
    matches = [of_moment[at] for at in sorted(of_moment)]
    sure = [match.at for match in matches if not match.observation.doubtful]
    return [
        match
        for match in matches
        if not match.observation.doubtful or any(abs(match.at - beside) <= _BESIDE for beside in sure)
    ]


def _weight(match: _Match, rule: Rule) -> tuple[bool, int, float, float]:
    """Which of one moment's matches speaks: a sure one, of the first condition, farthest out."""
    value = match.observation.value
    return (
        match.observation.doubtful,
        rule.any.index(match.condition),
        value if match.condition.is_low else -value,
        match.observation.arrived_at.timestamp(),
    )


def _run_ending_at(
    place: int, matches: list[_Match], rule: Rule, observations: Sequence[Observation], zone: tzinfo
) -> list[_Match]:
    """The matches that make the rule hold, `matches[place]` the newest of them; empty where it does not hold."""
    newest = matches[place]
    before = matches[: place + 1]
    match rule.persistence:
        case Once():
            return [one for one in before if newest.at - one.at < _COUNTED_BACK]
        case Repeated(count=count, within_hours=hours, apart_minutes=minutes):
            run = _apart([one for one in before if newest.at - one.at < timedelta(hours=hours)], minutes)
            return run if len(run) >= count else []
        case Consecutive(count=count, within_hours=hours):
            run = _unbroken(before, rule, observations)
            near = [one for one in run if newest.at - one.at < timedelta(hours=hours)]
            return near if len(near) >= count else []
        case ConsecutiveDays(days=days):
            wanted = {_day(newest.at, zone) - timedelta(days=back) for back in range(days)}
            run = [one for one in before if _day(one.at, zone) in wanted]
            return run if {_day(one.at, zone) for one in run} == wanted else []
        case _:
            raise AssertionError("a mean has no run of matches")


def _apart(run: list[_Match], minutes: float) -> list[_Match]:
    """The newest, and of the older ones those that stand far enough from the one kept before."""
    kept: list[_Match] = []
    for match in reversed(run):
        if not kept or kept[-1].at - match.at >= timedelta(minutes=minutes):
            kept.append(match)
    return kept[::-1]


def _unbroken(before: list[_Match], rule: Rule, observations: Sequence[Observation]) -> list[_Match]:
    """The matches since the last sure moment at which the limit was kept."""
    broken = {match.at for match in before}
    kept = [
        one.at
        for one in observations
        if one.metric in rule.metrics and not one.doubtful and one.at not in broken and one.at < before[-1].at
    ]
    return [match for match in before if not kept or match.at > kept[-1]]


def _reason(rule: Rule, run: list[_Match], zone: tzinfo) -> Reason:
    newest = run[-1]
    by_days = isinstance(rule.persistence, ConsecutiveDays)
    return Reason(
        rule=rule.id,
        priority=rule.priority,
        metric=newest.observation.metric,
        value=newest.observation.value,
        unit=CANONICAL_UNIT[newest.observation.metric],
        comparison=newest.condition.comparison,
        limit=newest.condition.limit,
        at=newest.at,
        since=run[0].at,
        count=len(run),
        days=len({_day(one.at, zone) for one in run}) if by_days else None,
        bound=_bound(newest.observation),
        doubtful=sum(one.observation.doubtful for one in run),
        floor=rule.floor,
        source=rule.source,
        confirmed=rule.confirmed,
    )


def _reason_of_mean(
    rule: Rule, mean: MeanOfDays, observations: Sequence[Observation], is_news: IsNews, zone: tzinfo
) -> Reason | None:
    newest = next((one for one in reversed(observations) if one.metric in rule.metrics and not one.doubtful), None)
    if newest is None or not is_news(newest):
        return None
    for condition in rule.any:
        series = series_of_days(mean, condition.metric, observations, _day(newest.at, zone), zone)
        if series and condition.met_by(value := mean_of(series)):
            return Reason(
                rule=rule.id,
                priority=rule.priority,
                metric=condition.metric,
                value=value,
                unit=CANONICAL_UNIT[condition.metric],
                comparison=condition.comparison,
                limit=condition.limit,
                at=series[-1].at,
                since=series[0].at,
                count=len(series),
                days=len({_day(one.at, zone) for one in series}),
                floor=rule.floor,
                source=rule.source,
                confirmed=rule.confirmed,
            )
    return None


def series_of_days(
    mean: MeanOfDays, metric: Metric, observations: Sequence[Observation], last_day: date, zone: tzinfo
) -> list[Observation]:
    """The sure readings that a mean ending on `last_day` is made of; empty where they are too few."""
    first_day = last_day - timedelta(days=mean.days - 1)
    series = [
        one
        for one in observations
        if one.metric is metric and not one.doubtful and first_day <= _day(one.at, zone) <= last_day
    ]
    days = {_day(one.at, zone) for one in series}
    if mean.leave_out_first_day and len(days) == mean.days:
        days.remove(first_day)
        series = [one for one in series if _day(one.at, zone) in days]
    return series if len(series) >= mean.least_readings and len(days) >= mean.least_days else []


def mean_of(series: Sequence[Observation]) -> float:
    return round(fmean(one.value for one in series), _MEAN_DIGITS)


def _bound(observation: Observation) -> str | None:
    if Flag.ABOVE_RANGE in observation.flags:
        return "lower"
    return "upper" if Flag.BELOW_RANGE in observation.flags else None


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()
