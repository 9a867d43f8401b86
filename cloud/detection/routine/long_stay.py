"""A stay under the shower that grows too long: the gateway's own watch (protocols/shower), over what the centre hears.

A home whose gateway watches calls by itself; this finds the same where it does not. Whoever moves in another room has
left the bathroom.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from cloud.detection.columns import (
    DAY_US,
    EVENT_CODE,
    HOUR_US,
    Bools,
    EventKind,
    Events,
    History,
    Ints,
    moment_of,
    us_of,
)
from cloud.detection.finding import Finding, Profile, Window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause
from cloud.detection.routine.settings import LONG_STAY, LongStay
from cloud.detection.routine.steps import steps_of
from cloud.detection.routine.told import Noticed
from cloud.detection.shower.rooms import is_bathroom
from cloud.detection.shower.showers import METRIC_OF_KIND
from cloud.detection.shower.stretches import steamy, watery
from protocols.reading import Metric
from protocols.shower.recogniser import ShowerRecogniser
from protocols.shower.stay import StayRules, StayWatch
from protocols.shower.steam import LEAP_PERCENT

_WITNESSES = [EVENT_CODE[kind] for kind in (EventKind.MOTION, EventKind.FLOW)]
Stay = tuple[datetime, datetime]
"""Since when the water runs, and when that is too long."""


def long_stays(history: History, _profile: Profile, limits: Limits, window: Window) -> list[Finding]:
    settings = limits.routine.long_stay
    found = []
    for began, due in stays(history.events, settings):
        known = _known_us(history.events, us_of(began), us_of(due))
        if known is not None and window.holds(known):
            noticed = Noticed(
                rule=LONG_STAY,
                cause=Cause.LONG_STAY,
                value=(due - began) / timedelta(minutes=1),
                limit=settings.longest_minutes,
                unit="min",
                known_us=known,
                from_us=us_of(began),
                to_us=us_of(due),
                metric=Metric.SHOWER,
            )
            found.append(noticed.as_finding(settings.priority, settings.source, confirmed=settings.confirmed))
    return sorted(found, key=lambda one: one.known_us)


def _known_us(events: Events, began_us: int, due_us: int) -> int | None:
    """When the centre could know of a stay that was too long at `due_us`: a line that was broken tells it late.

    None where somebody moved meanwhile, there or elsewhere: nobody is called for what is over.
    """
    known = int(events.arrived_us[(events.at_us >= began_us) & (events.at_us < due_us)].max(initial=due_us))
    if known == due_us:
        return known
    moved = steps_of(events, DAY_US).rows
    return None if bool(((moved.at_us > due_us) & (moved.arrived_us <= known)).any()) else known


def next_due_us(history: History, limits: Limits, now_us: int) -> int | None:
    """When a stay that goes on now is too long."""
    due = [us_of(due) for _, due in stays(history.events, limits.routine.long_stay)]
    return min((one for one in due if one > now_us), default=None)


def stays(events: Events, settings: LongStay) -> list[Stay]:
    """Those that were too long, or will be if nothing else is heard."""
    elsewhere = _elsewhere(events)
    found = []
    for place, name in enumerate(events.places):
        if is_bathroom(name):
            rows = events.take((events.place == place) & np.isin(events.kind, list(METRIC_OF_KIND)))
            if not np.isin(rows.kind, _WITNESSES).any():
                continue  # steam alone does not know whether anybody is still there
            moved = rows.kind == EVENT_CODE[EventKind.MOTION]
            near = steamy(rows, LEAP_PERCENT) | watery(rows)
            kept = rows.take(near | (moved & _beside(rows.at_us, near)))
            found += [
                stay
                for stay in _watched(kept, settings, tells_motion=bool(moved.any()))
                if not np.diff(np.searchsorted(elsewhere, [us_of(moment) for moment in stay]))[0]
            ]
    return found


def _beside(at_us: Ints, near: Bools) -> Bools:
    """Which rows are no further than an hour from one that is `near`."""
    chosen = at_us[near]
    first, last = np.searchsorted(chosen, at_us - HOUR_US), np.searchsorted(chosen, at_us + HOUR_US, side="right")
    beside: Bools = last > first
    return beside


def _elsewhere(events: Events) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    rows = steps_of(events, DAY_US).rows
    outside = [place for place, name in enumerate(rows.places) if not is_bathroom(name)]
    moments: np.ndarray[tuple[int], np.dtype[np.int64]] = rows.at_us[np.isin(rows.place, outside)]
    return moments


def _watched(rows: Events, settings: LongStay, *, tells_motion: bool) -> Iterator[Stay]:
    """`tells_motion`: a sensor there tells who moves, though perhaps not of late."""
    recogniser = ShowerRecogniser()
    watch = StayWatch(StayRules(timedelta(minutes=settings.still_minutes), timedelta(minutes=settings.longest_minutes)))
    if tells_motion and len(rows):
        watch.moved(False, moment_of(int(rows.at_us[0])))
    told: datetime | None = None
    ahead = [*rows.at_us.tolist()[1:], None][: len(rows)]
    for kind, value, at_us, next_us in zip(
        rows.kind.tolist(), rows.value.tolist(), rows.at_us.tolist(), ahead, strict=True
    ):
        at = moment_of(at_us)
        if kind == EVENT_CODE[EventKind.MOTION]:
            watch.moved(not value <= 0, at)
            value = float(not value <= 0)  # noqa: PLW2901 - a movement without a value is one
        recogniser.heard([(METRIC_OF_KIND[kind], value)], at)
        began = recogniser.under_way_since(at)
        due = None if began is None else watch.due_at(began)
        if began is None or due is None or began == told:
            continue
        if next_us is None or us_of(due) <= next_us:
            told = began
            yield began, max(due, at)
