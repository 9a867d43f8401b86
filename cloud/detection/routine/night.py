"""Visits to the bathroom by night, beside the person's own nights."""

import numpy as np

from cloud.detection.columns import DAY_US, HOUR_US, MINUTE_US, History, Ints, utc_of_local
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause
from cloud.detection.routine.settings import NIGHT
from cloud.detection.routine.steps import steps_of
from cloud.detection.routine.told import Noticed
from cloud.detection.shower.rooms import is_bathroom

_BEGINS_US = 22 * HOUR_US
_LASTS_US = 9 * HOUR_US
_ONE_VISIT_US = 10 * MINUTE_US  # movements so near are one visit
_LATE_US = 10 * MINUTE_US
TOLD_AT_US = _BEGINS_US + _LASTS_US + _LATE_US
"""After the midnight before the night, on the home's clock, and when the team works."""
_LEAST_SPREAD = 1.0
_AT_LEAST = 4


def nights(history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    settings = limits.routine.night
    days, visits = visits_by_night(history)
    found = []
    for place, (night, count) in enumerate(zip(days.tolist(), visits.tolist(), strict=True)):
        known_local = night * DAY_US + TOLD_AT_US
        over = utc_of_local(known_local, profile.zone)
        known = limits.team.at_work_us(over, known_local - over)
        if not window.holds(known) or count < _AT_LEAST:
            continue
        first = int(np.searchsorted(days, night - settings.days))
        before = visits[first:place]
        if len(before) < settings.least_nights:
            continue
        middle = float(np.median(before))
        spread = max(1.4826 * float(np.median(np.abs(before - middle))), _LEAST_SPREAD)
        limit = middle + max(settings.more, settings.spreads * spread)
        if count >= limit:
            begin = utc_of_local(night * DAY_US + _BEGINS_US, profile.zone)
            noticed = Noticed(
                rule=NIGHT,
                cause=Cause.NIGHT_BATHROOM,
                value=count,
                limit=limit,
                unit="1",
                known_us=known,
                from_us=begin,
                to_us=over,
                usual=(max(middle - spread, 0.0), middle + spread, len(before)),
            )
            found.append(noticed.as_finding(settings.priority, settings.source, confirmed=settings.confirmed))
    return found


def visits_by_night(history: History) -> tuple[Ints, Ints]:
    """Nights in which anybody moved, as the day on which each began, and how often the bathroom was visited."""
    rows = steps_of(history.events, _LATE_US).rows
    since = rows.local_us - _BEGINS_US
    rows = rows.take(since % DAY_US < _LASTS_US)
    night = (rows.local_us - _BEGINS_US) // DAY_US
    bathrooms = [place for place, name in enumerate(rows.places) if is_bathroom(name)]
    there = np.isin(rows.place, bathrooms)
    at, night_there = rows.at_us[there], night[there]
    begins = np.ones(len(at), dtype=np.bool_)
    begins[1:] = np.diff(at) > _ONE_VISIT_US
    days = np.unique(night)
    visits = np.zeros(len(days), dtype=np.int64)
    np.add.at(visits, np.searchsorted(days, night_there[begins]), 1)
    return days, visits
