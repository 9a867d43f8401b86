"""Somebody was last seen in the bathroom, and nobody moves anywhere since, for longer than usual: by movement alone.

It needs no humidity and no water. How long a home is still after the bathroom is learnt by day and by night: who
naps next door, where nothing tells movement, is still for hours each week, and nobody is sent there for it.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cloud.detection.columns import DAY_US, EVENT_CODE, HOUR_US, MINUTE_US, Bools, EventKind, Events, History, moment_of
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Priority, Reason
from cloud.detection.routine.settings import BATHROOM_STAY, BathroomStay
from cloud.detection.shower.rooms import is_bathroom
from protocols.reading import Metric

_LATE_US = 10 * MINUTE_US  # what came later is not waited for: what was said of its time stands
_WORTH_KNOWING_US = 15 * MINUTE_US
_WHOLE_US = 5 * MINUTE_US  # a limit that people read
_NEVER = 1 << 62
_SIGNS = [EVENT_CODE[kind] for kind in (EventKind.DOOR, EventKind.CONTACT)]
_HEARD_WITHIN_US = 20 * MINUTE_US  # a gateway that was heard no later than this may itself be silent


@dataclass(frozen=True)
class _Stay:
    last_us: int
    """The last movement, in a bathroom."""
    arrived_us: int
    heard_us: int
    """When the first word of anything later came."""
    limit_us: int
    usual_us: int
    """The longest but one of the weeks before."""
    count: int


def bathroom_stays(history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    settings = limits.routine.bathroom_stay
    found = []
    for stay in _stays(history.events, settings, since_us=window.after_us):
        for times, priority in ((1, settings.priority), (2, Priority.NOW)):
            due = stay.last_us + times * stay.limit_us
            if due >= stay.heard_us or not window.holds(due) or _is_silent(profile, stay.last_us, due):
                continue
            found.append(_finding(stay, settings, due, priority))
    return sorted(found, key=lambda one: one.known_us)


@dataclass
class _Learnt:
    """How long the home was still after the bathroom, in one part of the day."""

    at_us: list[int] = field(default_factory=list)
    still_us: list[int] = field(default_factory=list)

    def usual(self, now_us: int, days: int) -> tuple[int, int]:
        """The longest but one, so that one fall makes no other a habit; and of how many."""
        lately = sorted(self.still_us[bisect_left(self.at_us, now_us - days * DAY_US) :])
        return (lately[-2] if len(lately) > 1 else 0), len(lately)


def _stays(events: Events, settings: BathroomStay, *, since_us: int) -> Iterator[_Stay]:
    """Those of which nothing later had been heard at `since_us`, once enough is known of the home."""
    signs = _signs_of(events)
    there = np.isin(signs.place, [place for place, name in enumerate(signs.places) if is_bathroom(name)])
    if not there.any() or there.all():
        return  # where nothing but the bathroom is watched, leaving it is not seen
    at, first = signs.at_us, int(signs.at_us[0])
    still = np.append(np.diff(at), _NEVER)
    heard = np.append(np.minimum.accumulate(signs.arrived_us[::-1])[::-1][1:], _NEVER)
    by_night, by_day = _Learnt(), _Learnt()
    for place in np.flatnonzero(there & (still > _WORTH_KNOWING_US)).tolist():
        last = int(at[place])
        of_day = int(signs.local_us[place]) % DAY_US
        night = of_day >= settings.night_begins * HOUR_US or of_day < settings.night_ends * HOUR_US
        learnt = by_night if night else by_day
        if heard[place] > since_us and last - first >= settings.least_days * DAY_US:
            usual, count = learnt.usual(last, settings.days)
            least = settings.least_minutes_by_night if night else settings.least_minutes
            limit = max(int(least * MINUTE_US), -int(-settings.times * usual // _WHOLE_US) * _WHOLE_US)
            yield _Stay(last, int(signs.arrived_us[place]), int(heard[place]), limit, usual, count)
        learnt.at_us.append(last)
        learnt.still_us.append(int(still[place]))


def _signs_of(events: Events) -> Events:
    """Movements, and doors that somebody opens or shuts."""
    moved: Bools = (events.kind == EVENT_CODE[EventKind.MOTION]) & ~(events.value <= 0)
    return events.take((moved | np.isin(events.kind, _SIGNS)) & (events.arrived_us - events.at_us <= _LATE_US))


def _is_silent(profile: Profile, last_us: int, due_us: int) -> bool:
    """The gateway was not heard since: then nobody knows whether anybody moves, and supervision tells of it."""
    if profile.hearing is not None:
        return profile.hearing.was_silent(last_us, due_us)
    return profile.heard_us is not None and last_us - _LATE_US <= profile.heard_us < due_us - _HEARD_WITHIN_US


def _finding(stay: _Stay, settings: BathroomStay, due_us: int, priority: Priority) -> Finding:
    minutes, limit = (due_us - stay.last_us) / MINUTE_US, stay.limit_us / MINUTE_US
    usual = round(stay.usual_us / MINUTE_US, 1)
    return Finding(
        cause=Cause.LONG_STAY,
        priority=priority,
        score=0.9 if priority is Priority.NOW else 0.6,
        floor=False,
        known_us=due_us,
        evidence_from_us=stay.last_us,
        evidence_to_us=due_us,
        arrived_us=stay.arrived_us,
        reason=Reason(
            rule=BATHROOM_STAY,
            priority=priority,
            metric=Metric.MOTION,
            value=round(minutes, 1),
            unit="min",
            at=moment_of(due_us),
            since=moment_of(stay.last_us),
            comparison="at_least",
            limit=round(limit, 1),
            count=1,
            usual_low=0.0 if stay.count > 1 else None,
            usual_high=usual if stay.count > 1 else None,
            usual_count=stay.count if stay.count > 1 else None,
            source=settings.source,
            confirmed=settings.confirmed,
        ),
    )


@dataclass(frozen=True)
class BathroomLayer:
    """Its place in the seam of detection; it asks for weeks of events."""

    def findings(self, history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
        return bathroom_stays(history, profile, limits, window) if len(history.events) else []

    def calm_us(
        self, _reason: Reason, evidence_to_us: int, history: History, _profile: Profile, _limits: Limits
    ) -> int | None:
        """The first word of a movement, or of a door, after that."""
        signs = _signs_of(history.events)
        later = signs.arrived_us[signs.at_us > evidence_to_us]
        return int(later.min()) if len(later) else None

    def owns(self, reason: Reason) -> bool:
        return reason.rule == BATHROOM_STAY

    def next_look_us(self, history: History, _profile: Profile, limits: Limits, now_us: int) -> int | None:
        """When a stay that goes on now is too long."""
        if not len(history.events):
            return None
        due = [
            stay.last_us + times * stay.limit_us
            for stay in _stays(history.events, limits.routine.bathroom_stay, since_us=now_us)
            for times in (1, 2)
        ]
        return min((one for one in due if one > now_us), default=None)
