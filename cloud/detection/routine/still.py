"""No movement in the morning when some is usual.

The day begins at 04 on the home's clock. A home of which nothing is heard is not still but silent, which is another
matter (cloud/detection/silence); and who went out by the door moves elsewhere.
"""

import numpy as np

from cloud.detection.columns import (
    DAY_US,
    EVENT_CODE,
    HOUR_US,
    MINUTE_US,
    Bools,
    EventKind,
    Events,
    History,
    Ints,
    utc_of_local,
)
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause
from cloud.detection.routine.settings import STILL
from cloud.detection.routine.settings import Still as Settings
from cloud.detection.routine.steps import steps_of
from cloud.detection.routine.told import Noticed

_BEGINS_US = 4 * HOUR_US
_LATE_US = 10 * MINUTE_US
_EARLIEST_US = 5 * HOUR_US  # after the day's beginning: nobody is called before 9
_LATEST_US = 19 * HOUR_US
_HEARD_WITHIN_US = 3 * HOUR_US


def still_mornings(history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    settings = limits.routine.still
    moved = steps_of(history.events, _LATE_US).rows
    if not len(moved):
        return []
    days, firsts = _mornings(moved)
    others = history.events.take(~_moved_or_door(history.events))
    until = min(window.until_us, int(history.events.at_us[-1]) + DAY_US)
    last_day = (until + int(moved.local_us[-1] - moved.at_us[-1]) - _BEGINS_US) // DAY_US
    found = []
    for day in range(int(days[0]) + settings.least_days, int(last_day) + 1):
        usual = _latest_us(days, firsts, day, settings)
        if usual is None:
            continue
        here, deadline = int(np.searchsorted(days, day)), _deadline_us(usual, settings)
        if deadline > _LATEST_US or (here < len(days) and days[here] == day and firsts[here] <= deadline):
            continue
        begin = utc_of_local(day * DAY_US + _BEGINS_US, profile.zone)
        due = utc_of_local(day * DAY_US + _BEGINS_US + deadline, profile.zone)
        known = due + _LATE_US
        if not window.holds(known) or not _is_heard(others, due) or _went_out(history.events, due):
            continue
        noticed = Noticed(
            rule=STILL,
            cause=Cause.ROUTINE,
            value=deadline / HOUR_US + 4,
            limit=usual / HOUR_US + 4,
            unit="h",
            known_us=known,
            from_us=begin,
            to_us=due,
        )
        found.append(noticed.as_finding(settings.priority, settings.source, confirmed=settings.confirmed))
    return found


def due_us(history: History, profile: Profile, limits: Limits, local_day: int) -> int | None:
    """When a still morning of that day would be told; None where too little is known of mornings."""
    days, firsts = _mornings(steps_of(history.events, _LATE_US).rows)
    usual = _latest_us(days, firsts, local_day, limits.routine.still)
    if usual is None:
        return None
    due = local_day * DAY_US + _BEGINS_US + _deadline_us(usual, limits.routine.still)
    return utc_of_local(due, profile.zone) + _LATE_US


def _mornings(moved: Events) -> tuple[Ints, Ints]:
    """The days on which anybody moved, and when first: since the day began."""
    since = moved.local_us - _BEGINS_US
    days, begins = np.unique(since // DAY_US, return_index=True)
    return days, since[begins] % DAY_US


def _latest_us(days: Ints, firsts: Ints, day: int, settings: Settings) -> int | None:
    """The latest first movement but one of the days before; None where they are too few."""
    low, here = (int(one) for one in np.searchsorted(days, (day - settings.days, day)))
    before = np.sort(firsts[low:here])
    return int(before[-2]) if len(before) >= settings.least_days else None


def _deadline_us(usual_us: int, settings: Settings) -> int:
    return max(usual_us + int(settings.later_hours * HOUR_US), _EARLIEST_US)


def _moved_or_door(events: Events) -> Bools:
    kinds = [EVENT_CODE[kind] for kind in (EventKind.MOTION, EventKind.DOOR, EventKind.CONTACT)]
    return np.isin(events.kind, kinds)


def _is_heard(others: Events, due_us: int) -> bool:
    """Whether the home told of anything but people a while before: its gateway and its radio live."""
    first, last = np.searchsorted(others.at_us, (due_us - _HEARD_WITHIN_US, due_us))
    return bool((others.arrived_us[first:last] <= due_us + _LATE_US).any())


def _went_out(events: Events, due_us: int) -> bool:
    """Whether a door was the last that was heard of anybody."""
    rows = events.take(_moved_or_door(events) & (events.at_us < due_us) & (events.arrived_us <= due_us + _LATE_US))
    return bool(len(rows)) and int(rows.kind[-1]) != EVENT_CODE[EventKind.MOTION]
