"""One elder's history lived again: a look at every moment at which something arrived, by the live worker's judgement.

Pure. What a person said of an episode is said again at the same moment, to the episode of that cause that is then open,
or, where none is, to the last one that nobody judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.detection.backtest.model import History, Lived, Word
from cloud.detection.episode import FRESH, Close, Decision, Extend, Open
from cloud.detection.judging import (
    Known,
    closed_since,
    judge,
    readings_since,
    verdicts_since,
)
from cloud.detection.limits import Limits
from cloud.detection.model import OWN_NORMAL, Cause, ClosedEpisode, Episode, Observation, Verdict
from protocols.reading import Metric


@dataclass
class _Alert:
    """An episode as the database would hold it."""

    episode: Episode
    seen_through: datetime
    closed_at: datetime | None = None
    verdict: Verdict | None = None
    verdict_at: datetime | None = None

    def as_closed(self, closed_at: datetime) -> ClosedEpisode:
        rules = frozenset(reason.rule for reason in self.episode.reasons)
        return ClosedEpisode(self.episode.evidence_to, self.seen_through, closed_at, rules)

    @property
    def metrics_of_own_normal(self) -> set[Metric]:
        return {reason.metric for reason in self.episode.reasons if reason.rule == OWN_NORMAL}


@dataclass
class _Replay:
    limits: Limits
    zone: ZoneInfo
    fresh: timedelta
    alerts: list[_Alert] = field(default_factory=list)

    def look(self, arrived: list[Observation], now: datetime) -> None:
        """As the worker does: judge what is known, write it down, note what has been seen."""
        oldest = readings_since(self.limits, now)
        seen = [one for one in arrived if one.measured_at >= oldest]
        episodes = {alert.episode.cause: alert.episode for alert in self._open()}
        known = Known(seen, episodes, self._closed(now), self._false_verdicts(now))
        judgement = judge(known, self.limits, now, self.zone, self.fresh)
        for cause, decision in judgement.decisions.items():
            self._write(cause, decision, now)
        newest = max((one.arrived_at for one in seen), default=None)
        if newest is not None:
            for alert in self._open():
                alert.seen_through = newest

    def hear(self, word: Word) -> None:
        """As a report does: it ends the episode, and one that had ended by itself still takes the word."""
        of_cause = [alert for alert in self.alerts if alert.episode.cause is word.cause]
        alert = next((one for one in of_cause if one.closed_at is None), None)
        if alert is None:
            alert = next((one for one in reversed(of_cause) if one.verdict is None), None)
        if alert is None:
            return
        alert.closed_at = alert.closed_at or word.at
        alert.verdict = word.verdict
        alert.verdict_at = None if word.verdict is None else word.at

    def _open(self) -> Iterator[_Alert]:
        return (alert for alert in self.alerts if alert.closed_at is None)

    def _closed(self, now: datetime) -> dict[Cause, list[ClosedEpisode]]:
        oldest = closed_since(self.limits, now)
        closed: dict[Cause, list[ClosedEpisode]] = {}
        for alert in self.alerts:
            if alert.closed_at is not None and alert.closed_at >= oldest:
                closed.setdefault(alert.episode.cause, []).append(alert.as_closed(alert.closed_at))
        return closed

    def _false_verdicts(self, now: datetime) -> dict[Metric, int]:
        oldest = verdicts_since(self.limits, now)
        counts: dict[Metric, int] = {}
        for alert in self.alerts:
            if alert.verdict is Verdict.FALSE and alert.verdict_at is not None and alert.verdict_at >= oldest:
                for metric in alert.metrics_of_own_normal:
                    counts[metric] = counts.get(metric, 0) + 1
        return counts

    def _write(self, cause: Cause, decision: Decision, now: datetime) -> None:
        match decision:
            case Open(priority, reasons, evidence_from, evidence_to):
                episode = Episode(cause, priority, reasons, now, evidence_from, evidence_to)
                self.alerts.append(_Alert(episode, seen_through=now))
            case Extend(priority, reasons, evidence_from, evidence_to):
                alert = self._one_open(cause)
                alert.episode = Episode(cause, priority, reasons, alert.episode.raised_at, evidence_from, evidence_to)
            case Close():
                self._one_open(cause).closed_at = now

    def _one_open(self, cause: Cause) -> _Alert:
        return next(alert for alert in self._open() if alert.episode.cause is cause)


def replay(
    history: History, limits: Limits, begin: datetime, end: datetime, *, fresh: timedelta = FRESH
) -> list[Lived]:
    """The alerts raised in [`begin`, `end`), as they stood at `end`; oldest first.

    `history` should reach back to `history_since`: bands, quiet times and open episodes come from there.
    """
    run = _Replay(limits, ZoneInfo(history.time_zone), fresh)
    waiting = sorted(history.observations, key=lambda one: one.arrived_at)
    moments: list[tuple[datetime, Word | None]] = [(at, None) for at in {one.arrived_at for one in waiting}]
    moments += [(word.at, word) for word in history.words]
    moments.sort(key=lambda moment: (moment[0], moment[1] is not None))  # at one instant the look goes first
    arrived: list[Observation] = []
    place = 0
    for at, word in moments:
        if at >= end:
            break
        if word is not None:
            run.hear(word)
            continue
        while place < len(waiting) and waiting[place].arrived_at <= at:
            arrived.append(waiting[place])
            place += 1
        oldest = readings_since(limits, at)
        arrived = [one for one in arrived if one.measured_at >= oldest]
        run.look(arrived, at)
    return sorted(_lived(history.elder_id, alert) for alert in run.alerts if begin <= alert.episode.raised_at < end)


def history_since(limits: Limits, begin: datetime) -> datetime:
    """How far back a history has to reach for all that still speaks at `begin`."""
    return min(readings_since(limits, begin), closed_since(limits, begin), verdicts_since(limits, begin))


def _lived(elder_id: int, alert: _Alert) -> Lived:
    episode = alert.episode
    return Lived(
        elder_id=elder_id,
        raised_at=episode.raised_at,
        cause=episode.cause,
        rules=tuple(sorted({reason.rule for reason in episode.reasons})),
        priority=episode.priority,
        closed_at=alert.closed_at,
        verdict=alert.verdict,
    )
