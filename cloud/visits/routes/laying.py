"""A team's routes from what stands: kept where they can be, filled up, made better for as long as there is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud.routes_config import Routes
from cloud.visits.planning.going_on import go_on
from cloud.visits.planning.model import Plan
from cloud.visits.planning.roster import Errand, Nurse, Roster, roster_of
from cloud.visits.routes.calls import WEIGHED, Call, calls_of
from cloud.visits.routes.hours import Watch, minutes_since, under_way, watches
from cloud.visits.routes.model import Door, NotPlanned, Shift, Stop, Team, TeamPlan, Unplannable
from cloud.visits.routes.seats import Begin, as_planned, as_they_stand
from cloud.visits.routes.team import midnight
from cloud.visits.routes.ways import travel_between

LATER_DAY = 3.0
"""Cost of leaving a visit for the day after: a quarter of an hour on the road."""
NO_MATTER = 0.5
"""Cost that pauses in gaps, and not somewhere else, may have."""
SPARE_SHARE, SPARE_MOST_MIN = 0.5, 120.0
"""Routes are laid so that this much of what is left of a promise, and no more minutes, stays to spare."""

Roads = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Laid:
    """A team's days, ready to be searched."""

    roster: Roster
    calls: tuple[Call, ...]
    """By the number of their errand."""
    watches: tuple[Watch, ...]
    """In the order of the roster's nurses."""
    begin: Begin
    """Routes as they stand; visits and jobs by number, in the order of the roster's nurses."""
    busy: tuple[Stop, ...]
    zero: datetime

    def moment(self, minutes: float) -> datetime:
        return self.zero + timedelta(minutes=minutes)


def lay(team: Team, now: datetime, routes: Routes, roads: Roads) -> Laid:
    calls = tuple(calls_of(team))
    busy = tuple(under_way(team, now, routes))
    shifts = tuple(watches(team, now, routes, busy))
    doors = _doors(shifts, calls)
    rows = {door: row for row, door in enumerate(doors)}
    errands = [_errand(number, call, rows, team, now, routes) for number, call in enumerate(calls)]
    zero = midnight(now, team.zone).astimezone(UTC)
    roster = roster_of(errands, [_nurse(watch, rows) for watch in shifts], travel_between(doors, routes, roads))
    return Laid(roster, calls, shifts, as_they_stand(roster, calls, shifts, zero), busy, zero)


def plan_team(laid: Laid, routes: Routes, seconds: float = 0.0, seed: int = 1) -> TeamPlan:
    """Takes `seconds` and some hundredths."""
    if not laid.watches:
        missing = [
            NotPlanned(visit.visit_id, Unplannable.NO_NURSE.value) for call in laid.calls for visit in call.visits
        ]
        return TeamPlan(laid.busy, tuple(missing))
    plan = go_on(laid.roster.day, laid.begin, seconds, seed)
    rested = go_on(laid.roster.day, as_planned(laid.roster, laid.watches, plan))
    return told(laid, rested if rested.cost <= plan.cost + NO_MATTER else plan, routes)


def told(laid: Laid, plan: Plan, routes: Routes) -> TeamPlan:
    """`plan` in the words of the tables."""
    roster = laid.roster
    late = _too_late(laid, plan, routes)
    stops = list(laid.busy)
    for watch, nurse, route in zip(laid.watches, roster.nurses, plan.routes, strict=True):
        at = nurse.home if nurse.starts_at is None else nurse.starts_at
        for stop in route:
            if stop.visit >= len(roster.errands) or stop.visit in late:
                continue
            errand = roster.errands[stop.visit]
            way = roster.day.travel_min[at][errand.place]
            at = errand.place
            arrives, leaves = laid.moment(stop.start), laid.moment(stop.start + errand.duration_min)
            for visit in laid.calls[errand.number].people[stop.job]:
                stops.append(Stop(visit.visit_id, nurse.number, watch.day, arrives, leaves, way))
                way = 0.0
    missing = [
        NotPlanned(visit.visit_id, unplanned.code.value, unplanned.words)
        for unplanned in roster.unplanned
        for visit in laid.calls[unplanned.errand].visits
    ] + [
        NotPlanned(visit.visit_id, Unplannable.DAY_FULL.value)
        for v in late
        for visit in laid.calls[roster.errands[v].number].visits
    ]
    shifts = {(watch.person.staff_id, watch.day): watch for watch in reversed(laid.watches)}
    return TeamPlan(
        tuple(stops),
        tuple(missing),
        tuple(Shift(nurse, day, watch.begins_at, watch.ends_at) for (nurse, day), watch in sorted(shifts.items())),
        plan.cost,
    )


def _too_late(laid: Laid, plan: Plan, routes: Routes) -> set[int]:
    """Visits that nobody has yet and that would begin long after somebody's hours."""
    found = set()
    for watch, route in zip(laid.watches, plan.routes, strict=True):
        for stop in route:
            if stop.visit < len(laid.roster.errands) and stop.start > watch.ends + routes.overtime_min:
                call = laid.calls[laid.roster.errands[stop.visit].number]
                if not any(call.fixed_to(person) for person in range(len(call.people))):
                    found.add(stop.visit)
    return found


def _doors(shifts: Sequence[Watch], calls: Sequence[Call]) -> list[Door]:
    found = dict.fromkeys(door for watch in shifts for door in (watch.office, watch.start))
    found.update(dict.fromkeys(call.visits[0].door for call in calls))
    return list(found)


def _nurse(watch: Watch, rows: Mapping[Door, int]) -> Nurse:
    person = watch.person
    return Nurse(
        number=person.staff_id,
        home=rows[watch.office],
        begins=watch.begins,
        ends=watch.ends,
        skills=person.skills,
        languages=person.languages,
        gender=person.sex,
        pause=watch.pause,
        starts_at=rows[watch.start],
        urgent_only=watch.urgent_only,
        reluctance=LATER_DAY * watch.later,
    )


def _errand(  # noqa: PLR0917 - a call is placed among doors, in a team, at a time
    number: int, call: Call, rows: Mapping[Door, int], team: Team, now: datetime, routes: Routes
) -> Errand:
    def minute(moment: datetime) -> float:
        return minutes_since(moment, now, team)

    earliest = max(now, call.from_at or now)
    promised = minute(call.promised_by)
    latest = promised - min(SPARE_MOST_MIN, SPARE_SHARE * max(0.0, promised - minute(earliest)))
    if call.pinned_at is not None:
        earliest = max(now, call.pinned_at)
        latest = minute(earliest)
    fixed = [call.fixed_to(person) for person in range(len(call.people))]
    return Errand(
        number=number,
        place=rows[call.visits[0].door],
        earliest=minute(earliest),
        latest=latest,
        duration_min=call.minutes(routes),
        skills=tuple(call.skills(person, routes) for person in range(len(call.people))),
        priority=WEIGHED[call.priority],
        known_nurse=call.known_nurse,
        language=call.visits[0].language,
        gender=call.wished_sex,
        pinned=fixed[0],
        pinned_second=fixed[1] if len(fixed) > 1 else None,
        told=tuple(call.told(person) for person in range(len(call.people))),
        not_for=call.not_for,
    )
