"""Layer 2, change: a step, a slow drift or a growing spread of what is usual; mornings beside evenings, and falls
between two measurements. Looked at once a day, with the first reading of that day, over the whole days before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cloud.detection.baseline import EARLY, Middle, Usual, context_of, medians, middle_of, trusted, usual_on
from cloud.detection.columns import MINUTE_US, Bools, Floats, Ints, Readings, moment_of
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.model import Cause, Reason
from cloud.detection.own_normal import Change, OwnNormal, Pairs
from protocols.reading import CANONICAL_UNIT, Metric

_SCORE = 0.2
_DIGITS = 1
_LARGE_STEPS = 2.0  # what moved by so many steps is told though it ends in the calm range


@dataclass(frozen=True, eq=False)
class _Mornings:
    """The first reading of each day, and since when a look on that day counts."""

    days: Ints
    known_us: Ints
    fresh: Bools


def changes(readings: Readings, profile: Profile, settings: OwnNormal, window: Window) -> Iterator[Finding]:
    for metric in settings.metric:
        own = trusted(readings, metric)
        mornings = _mornings(own, profile, window)
        if not len(mornings.days):
            continue
        for change in settings.change:
            yield from _changed(change, metric, own, mornings, settings=settings, window=window)
    systolic = trusted(readings, Metric.SYSTOLIC)
    for pairs in settings.pairs:
        yield from _paired(pairs, systolic, _mornings(systolic, profile, window), settings, window)


def _mornings(own: Readings, profile: Profile, window: Window) -> _Mornings:
    """Those known within the window."""
    days, first = np.unique(own.local_day, return_index=True)
    known = own.arrived_us[first]
    asked = (known > window.after_us) & (known <= window.until_us)
    days, first, known = days[asked], first[asked], known[asked]
    return _Mornings(days, known, known - own.at_us[first] <= profile.fresh_us)


def _changed(
    change: Change, metric: Metric, own: Readings, mornings: _Mornings, *, settings: OwnNormal, window: Window
) -> Iterator[Finding]:
    group = settings.metric[metric]
    before = usual_on(mornings.days, own, group, settings, last_back=change.days - settings.leave_out_days)
    newest = middle_of(own, mornings.days - change.days, mornings.days)
    enough = (before.count >= settings.least_readings) & (before.on_days >= settings.least_days)
    enough &= (newest.count >= change.least_readings) & (newest.on_days >= change.least_days) & mornings.fresh
    moved = newest.centre - before.centre
    if change.of == "middle":
        out = enough & (np.abs(moved) >= np.maximum(group.step, change.spreads * before.spread))
        out &= ~group.is_calm(newest.centre) | (np.abs(moved) >= _LARGE_STEPS * group.step)
    else:
        out = enough & (newest.spread >= np.maximum(group.step, change.spreads * before.spread))
    for place in np.flatnonzero(out).tolist():
        known = int(mornings.known_us[place])
        if window.holds(known):
            day = int(mornings.days[place])
            yield _finding(
                change,
                metric,
                own,
                day=day,
                known_us=known,
                newest=newest,
                before=before,
                place=place,
                settings=settings,
            )


def _finding(
    change: Change,
    metric: Metric,
    own: Readings,
    *,
    day: int,
    known_us: int,
    newest: Middle,
    before: Usual,
    place: int,
    settings: OwnNormal,
) -> Finding:
    first = int(np.searchsorted(own.local_day, day - change.days))
    last = int(np.searchsorted(own.local_day, day)) - 1
    moved = float(newest.centre[place] - before.centre[place])
    by = abs(moved) if change.of == "middle" else float(newest.spread[place] - before.spread[place])
    value = newest.centre[place] if change.of == "middle" else newest.spread[place]
    return Finding(
        cause=Cause.TREND,
        priority=settings.priority,
        score=round(_SCORE + _SCORE * min(by / max(float(before.centre[place]), 1.0), 0.5), 4),
        floor=False,
        known_us=known_us,
        evidence_from_us=int(own.at_us[first]),
        evidence_to_us=int(own.at_us[last]),
        arrived_us=int(own.arrived_us[first : last + 1].max()),
        reason=Reason(
            rule=change.id,
            priority=settings.priority,
            metric=metric,
            value=round(float(value), _DIGITS),
            unit=CANONICAL_UNIT[metric],
            comparison="above" if change.of == "spread" or moved > 0 else "below",
            at=moment_of(int(own.at_us[last])),
            since=moment_of(int(own.at_us[first])),
            count=int(newest.count[place]),
            usual_low=float(before.low[place]),
            usual_high=float(before.high[place]),
            usual_count=int(before.count[place]),
            source=change.source,
            confirmed=change.confirmed,
            detail={"moved": round(moved, _DIGITS), "spread": round(float(newest.spread[place]), _DIGITS)},
        ),
    )


def _paired(
    pairs: Pairs, systolic: Readings, mornings: _Mornings, settings: OwnNormal, window: Window
) -> Iterator[Finding]:
    days, differences, means = (
        _evenings(systolic) if pairs.of == "morning_less_evening" else _falls(systolic, pairs.within_minutes)
    )
    firsts = np.searchsorted(days, mornings.days - pairs.days)
    afters = np.searchsorted(days, mornings.days)
    middles = medians(differences, firsts, afters - firsts)
    enough = (afters - firsts >= pairs.least_pairs) & mornings.fresh & (middles >= pairs.at_least)
    for place in np.flatnonzero(enough).tolist():
        known, middle = int(mornings.known_us[place]), float(middles[place])
        first, after = int(firsts[place]), int(afters[place])
        mean = float(means[first:after].mean())
        if mean < pairs.least_mean or not window.holds(known):
            continue
        oldest = int(np.searchsorted(systolic.local_day, days[first]))
        newest = int(np.searchsorted(systolic.local_day, days[after - 1], side="right")) - 1
        yield Finding(
            cause=Cause.TREND,
            priority=settings.priority,
            score=round(_SCORE + _SCORE * min(middle / 100, 0.5), 4),
            floor=False,
            known_us=known,
            evidence_from_us=int(systolic.at_us[oldest]),
            evidence_to_us=int(systolic.at_us[newest]),
            arrived_us=int(systolic.arrived_us[oldest : newest + 1].max()),
            reason=Reason(
                rule=pairs.id,
                priority=settings.priority,
                metric=Metric.SYSTOLIC,
                value=round(middle, _DIGITS),
                unit=CANONICAL_UNIT[Metric.SYSTOLIC],
                comparison="at_least",
                limit=pairs.at_least,
                at=moment_of(int(systolic.at_us[newest])),
                since=moment_of(int(systolic.at_us[oldest])),
                count=after - first,
                source=pairs.source,
                confirmed=pairs.confirmed,
                detail={"mean": round(mean, _DIGITS)},
            ),
        )


def _evenings(systolic: Readings) -> tuple[Ints, Floats, Floats]:
    """Of each day that has both: the day, morning less evening, and their mean."""
    early = context_of(Metric.SYSTOLIC, systolic) == EARLY
    morning_days, mornings = _daily_means(systolic.take(early))
    evening_days, evenings = _daily_means(systolic.take(~early))
    days, in_morning, in_evening = np.intersect1d(morning_days, evening_days, return_indices=True)
    morning, evening = mornings[in_morning], evenings[in_evening]
    return days, morning - evening, (morning + evening) / 2


def _daily_means(rows: Readings) -> tuple[Ints, Floats]:
    days, of_day = np.unique(rows.local_day, return_inverse=True)
    return days, np.bincount(of_day, rows.value, len(days)) / np.maximum(np.bincount(of_day, minlength=len(days)), 1)


def _falls(systolic: Readings, within_minutes: float) -> tuple[Ints, Floats, Floats]:
    """Of each day that has a second measurement soon after the first: the day, the first fall, and the mean of both."""
    gap = np.diff(systolic.at_us)
    near = np.flatnonzero((gap > 0) & (gap <= int(within_minutes * MINUTE_US)))
    days, first = np.unique(systolic.local_day[near], return_index=True)
    pair = near[first]
    before, after = systolic.value[pair], systolic.value[pair + 1]
    return days, before - after, (before + after) / 2
