"""No shower for longer than the person ever goes without. It is told in the evening of the day on which that is so."""

import numpy as np

from cloud.detection.columns import DAY_US, EVENT_CODE, HOUR_US, EventKind, History, local_of, utc_of_local
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause
from cloud.detection.routine.settings import NO_SHOWER
from cloud.detection.routine.told import Noticed
from cloud.detection.shower.showers import found_showers
from protocols.reading import Metric

TOLD_AT_US = 18 * HOUR_US
"""On the home's clock."""
_KINDS = [EVENT_CODE[kind] for kind in (EventKind.HUMIDITY, EventKind.FLOW)]


def missed_showers(history: History, profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    settings = limits.routine.no_shower
    told = history.events.take(np.isin(history.events.kind, _KINDS))
    if not len(told):
        return []
    showers = sorted(found_showers(history.events), key=lambda one: one.known_us)
    known_us = [one.known_us for one in showers]
    begin, until = max(window.after_us, int(told.at_us[0])), min(window.until_us, int(told.at_us[-1]) + DAY_US)
    first_day, last_day = (
        int(local_of(np.array([us], dtype=np.int64), profile.zone)[0]) // DAY_US for us in (begin, until)
    )
    heard_days = frozenset(np.unique(told.local_day).tolist())
    found = []
    for day in range(first_day, last_day + 1):
        now = utc_of_local(day * DAY_US + TOLD_AT_US, profile.zone)
        if not window.holds(now):
            continue
        before = showers[: int(np.searchsorted(known_us, now, side="right"))]
        began = sorted(one.began_us for one in before if one.began_us > now - settings.days * DAY_US)
        if len(began) < settings.least_showers:
            continue
        usual = float(np.quantile(np.diff(began), 0.9)) / DAY_US
        limit = max(settings.times * usual, settings.least_days)
        without = (now - began[-1]) / DAY_US
        if without < limit or not all(one in heard_days for one in range(day - int(without), day + 1)):
            continue
        noticed = Noticed(
            rule=NO_SHOWER,
            cause=Cause.SHOWER_MISSED,
            value=without,
            limit=limit,
            unit="d",
            known_us=now,
            from_us=began[-1],
            to_us=now,
            usual=(0.0, usual, len(began)),
            metric=Metric.SHOWER,
        )
        found.append(noticed.as_finding(settings.priority, settings.source, confirmed=settings.confirmed))
    return found
