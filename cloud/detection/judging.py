"""One look at one elder, without a database: what is known goes in, what becomes of each cause comes out.

The live worker, back-tests and replays over files judge by this very function, each over what it knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from cloud.detection.baseline import bands_now
from cloud.detection.beside_usual import beside_usual
from cloud.detection.columns import DAY_US, HOUR_US, History, local_of, moment_of, us_of
from cloud.detection.episode import Rules, Standing, Step, advance
from cloud.detection.finding import Layer, Profile, Window
from cloud.detection.layers import LAYERS
from cloud.detection.limits import Limits
from cloud.detection.model import Baseline, Reason
from cloud.detection.news import NEWS_AGE_US
from cloud.detection.shower.showers import LOOK_BACK_DAYS as SHOWERS_BACK_DAYS
from protocols.reading import Metric

_LATELY_US = 2 * HOUR_US


@dataclass(frozen=True)
class Judgement:
    steps: list[Step]
    """Oldest first."""
    standing: Standing
    bands: dict[Metric, Baseline]
    """The own normal at the window's end."""
    next_look_us: int | None
    """When to look again although nothing arrives."""


def judge(
    history: History,
    profile: Profile,
    limits: Limits,
    *,
    standing: Standing,
    window: Window,
    layers: Sequence[Layer] = LAYERS,
    calmed_by: Sequence[Layer] = (),
) -> Judgement:
    """What became of an elder in `window`, given how the alerts stood before it.

    A window that was looked at before may be part of it: what is held already, or was closed, is not found again.
    `layers` find and calm what they own; `calmed_by` are asked first, and only whether a reason is over. An episode
    of which no layer knows anything stays as it is: who looks at a part of the layers can leave out what only the
    others look at.
    """
    steps: list[Step] = []
    known = history.arrived_by(window.until_us)
    for stretch in _stretches(history, window):
        known = history.arrived_by(stretch.until_us)
        found = [
            one if one.known_us >= stretch.told_from_us else replace(one, known_us=stretch.told_from_us)
            for layer in layers
            for one in layer.findings(known, profile, limits, stretch.window)
        ]
        found.sort(key=lambda one: one.known_us)
        found = beside_usual(found, known.readings, profile, limits.own_normal)
        rules = _rules(known, profile, limits, (*calmed_by, *layers))
        more, standing = advance(found, standing, rules, moment_of(stretch.until_us))
        steps += more
    next_looks = [
        at for layer in layers if (at := layer.next_look_us(known, profile, limits, window.until_us)) is not None
    ]
    today = int(local_of(np.array([window.until_us], dtype=np.int64), profile.zone)[0]) // DAY_US
    bands = bands_now(known.readings, limits.own_normal, today, profile.false_verdicts)
    return Judgement(steps, standing, bands, min(next_looks, default=None))


def live_window(history: History, now: datetime) -> Window:
    """The live detector looks back as far as anything can be news, whatever it has seen before.

    What the database holds has arrived, also where its clock runs ahead of ours.
    """
    now_us = max(us_of(now), history.newest_us)
    return Window(now_us - NEWS_AGE_US, now_us)


def lately(history: History, now: datetime) -> Window:
    """What an elder can still be asked about."""
    live = live_window(history, now)
    return Window(live.until_us - _LATELY_US, live.until_us)


def metrics_looked_at(limits: Limits) -> frozenset[Metric]:
    return frozenset(limits.own_normal.metric).union(limits.silence.metrics, *(rule.metrics for rule in limits.rule))


def readings_since(limits: Limits, now: datetime) -> datetime:
    """Nothing measured earlier says anything at `now`."""
    return now - timedelta(days=limits.own_normal.longest_days + NEWS_AGE_US // DAY_US)


def events_since(limits: Limits, now: datetime) -> datetime:
    """No event of earlier says anything at `now`: a shower is one beside those of the weeks before it."""
    return now - timedelta(days=limits.routine.longest_days + SHOWERS_BACK_DAYS + NEWS_AGE_US // DAY_US)


def closed_since(limits: Limits, now: datetime) -> datetime:
    """An episode closed earlier does not say any more what is no news."""
    quiet = [limits.own_normal.quiet_days, *(rule.quiet_days for rule in limits.rule)]
    return now - timedelta(days=max(limits.own_normal.longest_days, *quiet))


def verdicts_since(limits: Limits, now: datetime) -> datetime:
    """A false verdict given earlier widens no band."""
    return now - timedelta(days=limits.own_normal.verdict_days)


@dataclass(frozen=True)
class _Stretch:
    """A part of the window within which the readings arrived in the order in which they were measured."""

    window: Window
    told_from_us: int
    """Nothing is told before; what a late reading brings to light of the days before is told when it arrived."""

    @property
    def until_us(self) -> int:
        return self.window.until_us


def _stretches(history: History, window: Window) -> Iterator[_Stretch]:
    """A reading that came after a later one had arrived ends the stretch before it, and is a stretch by itself."""
    readings = history.readings
    order = np.lexsort((readings.at_us, readings.arrived_us))
    at, arrived = readings.at_us[order], readings.arrived_us[order]
    inside = (arrived > window.after_us) & (arrived <= window.until_us)
    newest = np.maximum.accumulate(at) if len(at) else at
    begin = window.after_us
    for cut in np.unique(arrived[(at < newest) & inside]).tolist():
        if begin < cut - 1:
            yield _Stretch(Window(begin, cut - 1), begin)
        yield _Stretch(Window(cut - NEWS_AGE_US, cut), cut)
        begin = cut
    if begin < window.until_us:
        yield _Stretch(Window(begin, window.until_us), begin)


def _rules(history: History, profile: Profile, limits: Limits, layers: Sequence[Layer]) -> Rules:
    def calm(reason: Reason, evidence_to: datetime) -> datetime | None:
        for layer in layers:
            if layer.owns(reason):
                at = layer.calm_us(reason, us_of(evidence_to), history, profile, limits)
                return None if at is None else moment_of(at)
        return None  # a rule that nobody knows any more: a person has to look

    return Rules(calm, lambda reason: limits.times_of(reason.rule), profile.zone)
