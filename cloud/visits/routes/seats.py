"""Where calls and pauses stand in the routes, as the search is given them. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.visits.planning.model import Plan
from cloud.visits.planning.roster import Roster
from cloud.visits.routes.calls import Call
from cloud.visits.routes.hours import Watch

Begin = tuple[tuple[tuple[int, int], ...], ...]
"""Visits and jobs by number, in the order of the roster's nurses."""


@dataclass(frozen=True, order=True)
class _Seat:
    """Minutes since the first midnight."""

    arrives: float
    visit: int
    job: int
    leaves: float
    way: float


def as_they_stand(roster: Roster, calls: Sequence[Call], shifts: Sequence[Watch], zero: datetime) -> Begin:
    """Each call where its visits stand, and each pause where there is a gap for it."""
    rows = {(watch.person.staff_id, watch.day): s for s, watch in enumerate(shifts)}  # hours, not being on call
    routes: dict[int, list[_Seat]] = defaultdict(list)
    for v, errand in enumerate(roster.errands):
        call = calls[errand.number]
        for person in range(len(call.people)):
            kept = call.kept(person)
            row = None if kept is None else rows.get((kept.nurse_id, kept.day))
            if kept is not None and row is not None:
                arrives, leaves = _minutes(kept.arrives_at - zero), _minutes(kept.leaves_at - zero)
                routes[row].append(_Seat(arrives, v, person, leaves, kept.travel_min))
    return _with_pauses([routes[s] for s in range(len(shifts))], roster, shifts)


def as_planned(roster: Roster, shifts: Sequence[Watch], plan: Plan) -> Begin:
    """`plan`, with each pause where it leaves a gap."""
    routes = []
    for nurse, route in zip(roster.nurses, plan.routes, strict=True):
        at = nurse.home if nurse.starts_at is None else nurse.starts_at
        seats = []
        for stop in route:
            if stop.visit < len(roster.errands):
                errand = roster.errands[stop.visit]
                way, at = roster.day.travel_min[at][errand.place], errand.place
                seats.append(_Seat(stop.start, stop.visit, stop.job, stop.start + errand.duration_min, way))
        routes.append(seats)
    return _with_pauses(routes, roster, shifts)


def _with_pauses(routes: Sequence[list[_Seat]], roster: Roster, shifts: Sequence[Watch]) -> Begin:
    pause = len(roster.errands)
    for route, watch in zip(routes, shifts, strict=True):
        route.sort()
        if watch.pause is not None:
            _put_pause(route, pause, watch, watch.pause)
            pause += 1
    return tuple(tuple((seat.visit, seat.job) for seat in route) for route in routes)


def _put_pause(route: list[_Seat], visit: int, watch: Watch, pause: tuple[float, float, float]) -> None:
    """Where no gap is left the search finds a place."""
    earliest, latest, lasts = pause
    ready = watch.begins
    for number, seat in enumerate(route):
        begins = max(ready, earliest)
        if begins <= latest and seat.arrives - seat.way - begins >= lasts - 1.0:
            route.insert(number, _Seat(begins, visit, 0, begins + lasts, 0.0))
            return
        ready = seat.leaves
    if ready <= latest:
        begins = max(ready, earliest)
        route.append(_Seat(begins, visit, 0, begins + lasts, 0.0))


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60.0
