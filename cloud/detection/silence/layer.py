"""Expected measurements that are missed, by the elder's plan or own habit, and who is silent: person, meter or home.

It is told at 18 on the home's clock, once for each kind of measurement. `detail` of the reason says `silent` (person,
device, home or unknown) and how sure that is (`confidence`). Days on which the home was not heard are not held against
anybody, and while it is silent nobody is told of it here: that is an event of its own (cloud/alarms/supervision).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import DAY_US, HOUR_US, History, Ints, Readings, local_of, moment_of, utc_of_local
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Reason
from cloud.detection.silence.hearing import Meter
from cloud.detection.silence.settings import SILENCE, Silence
from protocols.reading import Metric

_TOLD_AT_US = 18 * HOUR_US
_REACH_US = 60 * DAY_US  # who has not measured for so long is told of no more
_SURE, _LIKELY, _OPEN = 0.9, 0.7, 0.5
_USED_US = HOUR_US  # a meter that was switched on so long after its last reading was used once more


@dataclass(frozen=True)
class SilenceLayer:
    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        settings = limits.silence
        found = [
            one for metric in settings.metrics for one in _missed(history, profile, settings, metric, window=window)
        ]
        return sorted(found, key=lambda one: one.known_us)

    def calm_us(
        self, reason: Reason, evidence_to_us: int, history: History, _profile: Profile, _limits: Limits
    ) -> int | None:
        rows = history.readings.of(reason.metric)
        later = rows.arrived_us[rows.at_us > evidence_to_us]
        return int(later.min()) if len(later) else None

    def owns(self, reason: Reason) -> bool:
        return reason.rule == SILENCE

    def next_look_us(self, history: History, profile: Profile, limits: Limits, now_us: int) -> int | None:
        """The next evening, for who has measured lately."""
        since = now_us - _REACH_US
        if not any(bool((history.readings.of(one).at_us > since).any()) for one in limits.silence.metrics):
            return None
        day = _day_of(now_us, profile)
        today, tomorrow = (utc_of_local((day + more) * DAY_US + _TOLD_AT_US, profile.zone) for more in (0, 1))
        return today if today > now_us else tomorrow


def _missed(
    history: History, profile: Profile, settings: Silence, metric: Metric, *, window: Window
) -> Iterator[Finding]:
    rows = history.readings.of(metric)
    if not len(rows):
        return
    planned = profile.plan.get(metric)
    for day, now in _quiet_evenings(rows, profile, settings, window):
        known = (rows.arrived_us <= now) & (rows.local_day > day - settings.days)
        days = _each_once(rows.local_day[known])
        if len(days) < (settings.least_measured_days if planned is None else 1):
            continue
        usual = _longest_but_one_in_ten(days) if planned is None else planned
        limit = max(settings.times * usual, settings.least_days)
        last_day = int(days[-1])
        without = day - last_day
        if profile.hearing is not None and without >= limit:
            without -= profile.hearing.lost_days(last_day + 1, day, profile.zone)
        if without < limit:
            continue
        measured = rows.take(known)
        silent, confidence = _who(history, profile, settings, metric, now_us=now, last_us=int(measured.at_us.max()))
        if silent == "home" and profile.hearing is not None:
            continue  # supervision tells of it
        detail: dict[str, float | str] = {"silent": silent, "confidence": confidence}
        if planned is not None:
            detail["planned_days"] = planned
        yield Finding(
            cause=Cause.SILENCE,
            priority=settings.priority,
            score=min(1.0, confidence * without / (2 * limit)),
            floor=False,
            known_us=now,
            evidence_from_us=int(measured.at_us.max()),
            evidence_to_us=now,
            arrived_us=int(measured.arrived_us.max()),
            reason=Reason(
                rule=SILENCE,
                priority=settings.priority,
                metric=metric,
                value=float(without),
                unit="d",
                at=moment_of(now),
                since=moment_of(int(measured.at_us.max())),
                comparison="at_least",
                limit=limit,
                count=1,
                source=settings.source,
                confirmed=settings.confirmed,
                detail=detail,
            ),
        )


def _each_once(days: Ints) -> Ints:
    """Of sorted days."""
    new = np.ones(len(days), dtype=np.bool_)
    new[1:] = days[1:] != days[:-1]
    return days[new]


def _longest_but_one_in_ten(days: Ints) -> float:
    """Of the pauses between them: their quantile of 0.9. numpy's own takes ten times as long over so few."""
    pauses = sorted(np.diff(days).tolist())
    whole, part = divmod(9 * (len(pauses) - 1), 10)
    low, high = pauses[whole], pauses[min(whole + 1, len(pauses) - 1)]
    return float(low + (high - low) * part / 10)


def _quiet_evenings(rows: Readings, profile: Profile, settings: Silence, window: Window) -> list[tuple[int, int]]:
    """Days, and their evenings within the window, by which nothing had come of the last days: few of most lives."""
    begin, until = max(window.after_us, int(rows.at_us[0])), min(window.until_us, int(rows.at_us[-1]) + _REACH_US)
    order = np.argsort(rows.arrived_us, kind="stable")
    arrived, newest_day = rows.arrived_us[order], np.maximum.accumulate(rows.local_day[order])
    days, evenings = _evenings(begin, until, profile)
    place = np.searchsorted(arrived, evenings, side="right")
    last_day = np.where(place > 0, newest_day[np.maximum(place - 1, 0)], days)
    quiet = (days - last_day >= settings.least_days) & (evenings > window.after_us) & (evenings <= window.until_us)
    return list(zip(days[quiet].tolist(), evenings[quiet].tolist(), strict=True))


def _evenings(begin_us: int, until_us: int, profile: Profile) -> tuple[Ints, Ints]:
    """The days from one moment to the other, and the evening of each."""
    first, last = _day_of(begin_us, profile), _day_of(until_us, profile)
    days = np.arange(first, last + 1, dtype=np.int64)
    local = days * DAY_US + _TOLD_AT_US
    guess = local - (local_of(local, profile.zone) - local)  # as utc_of_local, for all at once
    return days, local - (local_of(guess, profile.zone) - guess)


def _day_of(us: int, profile: Profile) -> int:
    return int(local_of(np.array([us], dtype=np.int64), profile.zone)[0]) // DAY_US


def _who(
    history: History, profile: Profile, settings: Silence, metric: Metric, *, now_us: int, last_us: int
) -> tuple[str, float]:
    """Who is silent at `now_us`, and how sure that is; `last_us`: the last measurement."""
    hearing = profile.hearing
    if hearing is not None:
        if hearing.is_silent_at(now_us):
            return "home", _SURE
        if (confidence := _is_meter_silent(hearing.meters.get(metric, ()), now_us=now_us, last_us=last_us)) is not None:
            return "device", confidence
    since = now_us - int(settings.heard_hours * HOUR_US)
    for rows in (history.events, history.readings):
        if bool(((rows.at_us > since) & (rows.at_us <= now_us) & (rows.arrived_us <= now_us)).any()):
            return "person", _SURE
    if hearing is not None:
        return "person", _LIKELY
    if bool((history.events.arrived_us <= now_us).any()):
        return "home", _LIKELY
    return "unknown", _OPEN


def _is_meter_silent(meters: Sequence[Meter], *, now_us: int, last_us: int) -> float | None:
    """How sure it is that the meter was used and could not be read; None where nothing says so."""
    if any(one.heard_us is not None and last_us + _USED_US < one.heard_us <= now_us for one in meters):
        return _SURE
    return _LIKELY if meters and all(one.trouble for one in meters) else None
