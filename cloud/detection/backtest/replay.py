"""One elder's history lived again by the live worker's judgement.

Pure. What a person said of an episode is said again at the same moment, to the episode of that cause that is then open,
or, where none is, to the last one that nobody judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.detection.backtest.model import History, Lived, Word
from cloud.detection.columns import History as Columns
from cloud.detection.columns import no_events, readings_of, us_of
from cloud.detection.episode import Kind, Standing, Step
from cloud.detection.finding import Profile, Window
from cloud.detection.judging import closed_since, events_since, judge, readings_since, verdicts_since
from cloud.detection.limits import Limits
from cloud.detection.model import OWN_NORMAL, ClosedEpisode, Episode, Verdict
from cloud.detection.news import FRESH
from cloud.detection.personal.model import personal
from protocols.reading import Metric

_NOTHING_YET_US = -(1 << 60)


@dataclass
class _Alert:
    """An episode as the database would hold it."""

    episode: Episode
    closed_at: datetime | None = None
    cleared: bool = False
    verdict: Verdict | None = None
    verdict_at: datetime | None = None

    @property
    def metrics_of_own_normal(self) -> set[Metric]:
        return {reason.metric for reason in self.episode.reasons if reason.rule == OWN_NORMAL}


@dataclass
class _Replay:
    history: History
    columns: Columns
    limits: Limits
    fresh: timedelta
    alerts: list[_Alert] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    looked_us: int = _NOTHING_YET_US

    def live_until(self, at: datetime) -> None:
        """As the worker does at each arrival and each timer until `at`."""
        window = Window(self.looked_us, us_of(at))
        if window.until_us <= window.after_us:
            return
        profile = Profile(
            self.history.elder_id,
            ZoneInfo(self.history.time_zone),
            false_verdicts=self._false_verdicts(at),
            fresh_us=self.fresh // timedelta(microseconds=1),
            plan=self.history.plan,
        )
        limits = personal(self.limits, (one.as_of(at) for one in self.history.overrides if one.set_at < at))
        judgement = judge(self.columns, profile, limits, standing=self.standing, window=window)
        self.standing = judgement.standing
        self.looked_us = window.until_us
        for step in judgement.steps:
            self._write(step)

    def hear(self, word: Word) -> None:
        """As a report does: it ends the episode, and one that had ended by itself still takes the word."""
        of_cause = [alert for alert in self.alerts if alert.episode.cause is word.cause]
        alert = next((one for one in of_cause if one.closed_at is None), None)
        if alert is not None:
            self._close(alert, word.at)
        else:
            alert = next((one for one in reversed(of_cause) if one.verdict is None), None)
        if alert is not None:
            alert.verdict = word.verdict
            alert.verdict_at = None if word.verdict is None else word.at

    def _close(self, alert: _Alert, at: datetime) -> None:
        alert.closed_at = at
        episode = alert.episode
        rules = frozenset(reason.rule for reason in episode.reasons)
        seen = ClosedEpisode(episode.evidence_to, at, at, rules)
        closed = {cause: list(of) for cause, of in self.standing.closed.items()}
        closed.setdefault(episode.cause, []).append(seen)
        still_open = {cause: one for cause, one in self.standing.episodes.items() if cause is not episode.cause}
        self.standing = Standing(still_open, closed)

    def _open(self) -> Iterator[_Alert]:
        return (alert for alert in self.alerts if alert.closed_at is None)

    def _false_verdicts(self, at: datetime) -> dict[Metric, int]:
        oldest = verdicts_since(self.limits, at)
        counts: dict[Metric, int] = {}
        for alert in self.alerts:
            if alert.verdict is Verdict.FALSE and alert.verdict_at is not None and alert.verdict_at >= oldest:
                for metric in alert.metrics_of_own_normal:
                    counts[metric] = counts.get(metric, 0) + 1
        return counts

    def _write(self, step: Step) -> None:
        if step.kind is Kind.OPENED:
            self.alerts.append(_Alert(step.episode))
            return
        alert = next(alert for alert in self._open() if alert.episode.cause is step.cause)
        if step.kind is Kind.CLEARED:
            alert.closed_at, alert.cleared = step.at, True
        else:
            alert.episode = step.episode


def replay(
    history: History, limits: Limits, begin: datetime, end: datetime, *, fresh: timedelta = FRESH
) -> list[Lived]:
    """The alerts raised in [`begin`, `end`), as they stood at `end`; oldest first.

    `history` should reach back to `history_since`: bands, quiet times and open episodes come from there.
    """
    zone = ZoneInfo(history.time_zone)
    columns = Columns(readings_of(history.observations, zone), history.events or no_events())
    run = _Replay(history, columns, limits, fresh)
    verdict_days = timedelta(days=limits.own_normal.verdict_days)
    moments: list[tuple[datetime, Word | None]] = [(word.at, word) for word in history.words]
    # a verdict that is no longer of late widens no band: the judgement goes on with another band from then on
    moments += [(word.at + verdict_days, None) for word in history.words if word.verdict is Verdict.FALSE]
    # and so it does with other limits from the moment on at which a clinician set or ended a figure
    moments += [(at, None) for one in history.overrides for at in (one.set_at, one.ended_at) if at is not None]
    moments.sort(key=lambda moment: (moment[0], moment[1] is not None))  # at one instant the look goes first
    for at, word in moments:
        if at >= end:
            break
        run.live_until(at)
        if word is not None:
            run.hear(word)
    run.live_until(end - timedelta(microseconds=1))
    return sorted(_lived(history.elder_id, alert) for alert in run.alerts if begin <= alert.episode.raised_at < end)


def history_since(limits: Limits, begin: datetime) -> datetime:
    """How far back a history has to reach for all that still speaks at `begin`."""
    return min(
        readings_since(limits, begin),
        events_since(limits, begin),
        closed_since(limits, begin),
        verdicts_since(limits, begin),
    )


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
