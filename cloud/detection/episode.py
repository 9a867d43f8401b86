"""The alerts of one elder as a machine: findings open an episode, extend it, make it more urgent; evidence closes it.

One episode a cause. Pure: the live worker, a back-test and a replay over files all go through `advance`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby

from cloud.detection.columns import moment_of, us_of
from cloud.detection.finding import Finding
from cloud.detection.model import Cause, ClosedEpisode, Episode, Reason, most_urgent

CalmOf = Callable[[Reason, datetime], datetime | None]
"""When a reason of an episode whose newest evidence is of that moment is over; None: not yet."""
RuleTimes = Callable[[Reason], tuple[float, float | None]]
"""Of a reason's rule: for how many days it stays quiet after a visit, and after how many hours it is told again."""


class Kind(StrEnum):
    OPENED = "opened"
    EXTENDED = "extended"
    """More evidence, of which nobody is told: the page shows it."""
    RENEWED = "renewed"
    """New evidence on a new day, or long enough after the last: told again, and no new visit."""
    ESCALATED = "escalated"
    CLEARED = "cleared"


@dataclass(frozen=True)
class Step:
    """What becomes of one cause at one moment."""

    kind: Kind
    cause: Cause
    at: datetime
    episode: Episode
    """As it is afterwards."""
    fresh: tuple[Finding, ...] = ()
    """What was noticed just then."""


@dataclass(frozen=True)
class Standing:
    """The alerts of one elder between two looks."""

    episodes: Mapping[Cause, Episode] = field(default_factory=dict)
    """Those open."""
    closed: Mapping[Cause, Sequence[ClosedEpisode]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What the machine asks of the layers."""

    calm: CalmOf
    times: RuleTimes
    zone: tzinfo
    """The home's: it says where a day begins."""


def advance(
    findings: Iterable[Finding], standing: Standing, rules: Rules, now: datetime
) -> tuple[list[Step], Standing]:
    """The steps that `findings`, oldest first, cause until `now`, and the alerts as they stand then.

    Findings that an open episode holds already, or that a person had before them when they closed one, change nothing.
    """
    machine = _Machine(dict(standing.episodes), {cause: list(of) for cause, of in standing.closed.items()}, rules)
    for known_us, group in groupby(findings, key=lambda finding: finding.known_us):
        at = moment_of(known_us)
        of_cause: dict[Cause, list[Finding]] = {}
        for finding in group:
            of_cause.setdefault(finding.cause, []).append(finding)
        for cause, found in of_cause.items():
            machine.calm_down(cause, at)
            machine.take(cause, found, at)
    for cause in list(machine.open):
        machine.calm_down(cause, now)
    machine.steps.sort(key=lambda step: step.at)
    return machine.steps, Standing(machine.open, machine.closed)


@dataclass
class _Machine:
    open: dict[Cause, Episode]
    closed: dict[Cause, list[ClosedEpisode]]
    rules: Rules
    steps: list[Step] = field(default_factory=list)

    def take(self, cause: Cause, found: Sequence[Finding], at: datetime) -> None:
        news = [one for one in found if not self._is_settled(one) and not self._is_quiet(one.reason, cause, at)]
        if not news:
            return
        fresh = tuple({one.reason.key: one for one in news}.values())
        episode = self.open.get(cause)
        if episode is None:
            new = _opened(cause, fresh, at)
            if self._over_at(new, at) is None:  # what is over already, as after a day without a line, is no news
                self._put(Kind.OPENED, new, at, fresh)
            return
        known = {reason.key: reason for reason in episode.reasons}
        fresh = tuple(one for one in fresh if _adds_to(known.get(one.reason.key), one.reason))
        if not fresh:
            return
        grown = _grown(episode, fresh)
        if grown.priority is not episode.priority:
            kind = Kind.ESCALATED
        elif self._is_told_again(episode, fresh, at):
            kind = Kind.RENEWED
        else:
            kind = Kind.EXTENDED
        self._put(kind, grown, at, fresh)

    def calm_down(self, cause: Cause, by: datetime) -> None:
        """Closes the episode of `cause` where all its reasons were over at `by`."""
        episode = self.open.get(cause)
        over = None if episode is None else self._over_at(episode, by)
        if episode is None or over is None:
            return
        del self.open[cause]
        names = frozenset(reason.rule for reason in episode.reasons)
        self.closed.setdefault(cause, []).append(ClosedEpisode(episode.evidence_to, over, over, names, cleared=True))
        self.steps.append(Step(Kind.CLEARED, cause, over, episode))

    def _over_at(self, episode: Episode, by: datetime) -> datetime | None:
        """When all reasons of the episode were over; None: not until `by`, or a person has to look."""
        if episode.needs_a_person:
            return None
        over = episode.last_told_at
        for reason in episode.reasons:
            calm = self.rules.calm(reason, episode.evidence_to)
            if calm is None or calm > by:
                return None
            over = max(over, calm)
        return over

    def _put(self, kind: Kind, episode: Episode, at: datetime, fresh: tuple[Finding, ...]) -> None:
        if kind is not Kind.EXTENDED:
            episode = replace(episode, told_at=at)
        self.open[episode.cause] = episode
        self.steps.append(Step(kind, episode.cause, at, episode, fresh))

    def _is_settled(self, one: Finding) -> bool:
        """Whether a person, or the machine, had its evidence before them when an episode was closed."""
        return any(
            one.evidence_to_us <= us_of(former.evidence_to) and one.arrived_us <= us_of(former.seen_through)
            for former in self.closed.get(one.cause, ())
        )

    def _is_quiet(self, reason: Reason, cause: Cause, at: datetime) -> bool:
        quiet_days = self.rules.times(reason)[0]
        return quiet_days > 0 and any(
            not former.cleared and reason.rule in former.rules and at - former.closed_at < timedelta(days=quiet_days)
            for former in self.closed.get(cause, ())
        )

    def _is_told_again(self, episode: Episode, fresh: Sequence[Finding], at: datetime) -> bool:
        last = episode.last_told_at
        hours = [self.rules.times(one.reason)[1] for one in fresh]
        given = [one for one in hours if one is not None]
        if given and at - last >= timedelta(hours=min(given)):
            return True
        zone = self.rules.zone
        return None in hours and at.astimezone(zone).date() > last.astimezone(zone).date()


def _opened(cause: Cause, fresh: Sequence[Finding], at: datetime) -> Episode:
    return Episode(
        cause=cause,
        priority=most_urgent(*(one.priority for one in fresh)),
        reasons=in_order_of_weight([one.reason for one in fresh]),
        raised_at=at,
        evidence_from=moment_of(min(one.evidence_from_us for one in fresh)),
        evidence_to=moment_of(max(one.evidence_to_us for one in fresh)),
        score=max(one.score for one in fresh),
    )


def _grown(episode: Episode, fresh: Sequence[Finding]) -> Episode:
    """Nothing lowers the priority of an open episode."""
    reasons = {reason.key: reason for reason in episode.reasons} | {one.reason.key: one.reason for one in fresh}
    return replace(
        episode,
        priority=most_urgent(episode.priority, *(one.priority for one in fresh)),
        reasons=in_order_of_weight(list(reasons.values())),
        evidence_from=min(episode.evidence_from, *(moment_of(one.evidence_from_us) for one in fresh)),
        evidence_to=max(episode.evidence_to, *(moment_of(one.evidence_to_us) for one in fresh)),
        score=max(episode.score, *(one.score for one in fresh)),
    )


def in_order_of_weight(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The most urgent first, a floor before others of its urgency."""
    return tuple(sorted(reasons, key=lambda reason: (reason.priority.rank, not reason.floor, reason.key)))


def _adds_to(known: Reason | None, reason: Reason) -> bool:
    """Whether `reason` rests on more than the one that the episode holds already.

    What has been taken back since, or was said with less, adds nothing: looking again finds nothing new.
    """
    return known is None or _weight(reason) > _weight(known)


def _weight(reason: Reason) -> tuple[datetime, int, timedelta, float]:
    low = reason.comparison in ("below", "at_most")
    return reason.at, reason.count, reason.at - reason.first_at, -reason.value if low else reason.value
