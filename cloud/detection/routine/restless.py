"""Restlessness: to and fro between the rooms, for most of a quarter of the day.

The day has four quarters on the home's clock: 01 to 07, 07 to 13, 13 to 19, 19 to 01. Of each the changes of room are
counted hour by hour; the middle hour says how restless it was, so that one busy hour (a guest, cleaning) says
nothing, and neither does an hour's nap between. It is told when the quarter is over and the team works.
"""

from collections import deque

import numpy as np

from cloud.detection.columns import DAY_US, HOUR_US, MINUTE_US, Floats, History, Ints, moment_of, utc_of_local
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Reason
from cloud.detection.routine.settings import RESTLESS, Restless
from cloud.detection.routine.steps import Steps, counted_by, steps_of
from protocols.reading import Metric

QUARTER_HOURS = 6
_QUARTER_US = QUARTER_HOURS * HOUR_US
_BEGINS_US = 1 * HOUR_US
ENDS_US = tuple(_BEGINS_US + quarter * _QUARTER_US for quarter in range(1, DAY_US // _QUARTER_US + 1))
"""When the quarters of a day end, on the home's clock."""


def restless(history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    """One finding a quarter of a day that was restless, as far as it became known in `window`."""
    settings = limits.routine.restless
    late_us = int(settings.late_minutes * MINUTE_US)
    steps = steps_of(history.events, late_us)
    quarters, middles = middle_hours(steps)
    recent: deque[int] = deque()  # days of the last seven on which a restless quarter became known
    found = []
    for quarter, middle in zip(quarters.tolist(), middles.tolist(), strict=True):
        if middle < settings.changes_per_hour:
            continue
        begin, end = (utc_of_local(_BEGINS_US + (quarter + more) * _QUARTER_US, profile.zone) for more in (0, 1))
        shift = _BEGINS_US + (quarter + 1) * _QUARTER_US - end
        known = limits.team.at_work_us(end + late_us, shift)
        day = (known + shift) // DAY_US
        while recent and recent[0] <= day - 7:
            recent.popleft()
        if not recent or recent[-1] != day:
            recent.append(day)
        if len(recent) <= settings.most_a_week and window.holds(known):
            found.append(_finding(steps, settings, middle, (begin, end), known))
    return found


def middle_hours(steps: Steps) -> tuple[Ints, Floats]:
    """The quarters with movement, counted since 1970, and the changes of room in the middle hour of each.

    Of six hours it is the mean of the third and the fourth.
    """
    local = steps.rows.local_us - _BEGINS_US
    hours, counts = counted_by(local // HOUR_US, steps.changed)
    quarters, place = np.unique(hours // QUARTER_HOURS, return_inverse=True)
    table = np.zeros((len(quarters), QUARTER_HOURS), dtype=np.int64)
    table[place, hours % QUARTER_HOURS] = counts
    middles: Floats = np.median(table, axis=1) if len(quarters) else np.zeros(0)
    return quarters, middles


def _finding(steps: Steps, settings: Restless, middle: float, span: tuple[int, int], known: int) -> Finding:
    first, last = np.searchsorted(steps.rows.at_us, span)
    rows = steps.rows.take(slice(int(first), int(last)))
    changes = int(steps.changed[first:last].sum())
    return Finding(
        cause=Cause.AGITATION,
        priority=settings.priority,
        score=min(1.0, middle / (2 * settings.changes_per_hour)),
        floor=False,
        known_us=known,
        evidence_from_us=int(rows.at_us[0]),
        evidence_to_us=int(rows.at_us[-1]),
        arrived_us=int(rows.arrived_us.max()),
        reason=Reason(
            rule=RESTLESS,
            priority=settings.priority,
            metric=Metric.MOTION,
            value=middle,
            unit="/h",
            at=moment_of(int(rows.at_us[-1])),
            since=moment_of(int(rows.at_us[0])),
            comparison="at_least",
            limit=settings.changes_per_hour,
            count=changes,
            source=settings.source,
            confirmed=settings.confirmed,
        ),
    )
