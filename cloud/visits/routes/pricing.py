"""What a dispatcher's move would cost, before it is done. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from cloud.routes_config import Routes
from cloud.visits.model import VisitState
from cloud.visits.routes.calls import Call, calls_of
from cloud.visits.routes.laying import Roads, lay, plan_team
from cloud.visits.routes.model import OpenVisit, Team, TeamPlan


@dataclass(frozen=True)
class Late:
    visit_id: int
    minutes: float
    """Past what was promised."""
    minutes_before: float


@dataclass(frozen=True)
class Price:
    travel_min: float
    """Added on the road, of all nurses together; below 0: saved."""
    overtime_min: float
    """Added."""
    late: tuple[Late, ...]
    """Promises that are broken with the move and kept, or broken by less, without it."""
    arrives_at: datetime | None
    """At the moved visit; None: it cannot be planned so."""
    why_not: str | None
    lacks: tuple[str, ...]
    """Skills that the visit asks for and the nurse has not."""
    not_wished: bool
    """The elder wishes for a woman, or a man, and the nurse is not."""


def price_of(  # noqa: PLR0917 - a move of a visit to a nurse and a time, in a team, now
    team: Team, visit: OpenVisit, nurse_id: int, at: datetime | None, now: datetime, routes: Routes, roads: Roads
) -> Price:
    """All else stays as it stands: nothing is searched."""
    moved = replace(
        visit,
        pinned_to=nurse_id,
        pinned_at=at,
        state=VisitState.PROPOSED,
        kept=None,
    )
    others = tuple(moved if one.visit_id == visit.visit_id else one for one in team.visits)
    before = plan_team(lay(team, now, routes, roads), routes)
    after = plan_team(lay(replace(team, visits=others), now, routes, roads), routes)
    stop = next((stop for stop in after.stops if stop.visit_id == visit.visit_id), None)
    why_not = next((one.why for one in after.not_planned if one.visit_id == visit.visit_id), None)
    call = next(call for call in calls_of(team) if visit in call.visits)
    person = next((one for one in team.people if one.staff_id == nurse_id), None)
    lacks = _skills_of(call, visit, routes) - (person.skills if person else frozenset())
    return Price(
        travel_min=_travel(after) - _travel(before),
        overtime_min=_overtime(after) - _overtime(before),
        late=_late(team, before, after),
        arrives_at=stop.arrives_at if stop is not None else None,
        why_not=why_not,
        lacks=tuple(sorted(lacks)),
        not_wished=call.wished_sex is not None and (person is None or person.sex != call.wished_sex),
    )


def _skills_of(call: Call, visit: OpenVisit, routes: Routes) -> frozenset[str]:
    return next(call.skills(n, routes) for n, visits in enumerate(call.people) if visit in visits)


def _travel(plan: TeamPlan) -> float:
    return sum(stop.travel_min for stop in plan.stops)


def _overtime(plan: TeamPlan) -> float:
    ends = {(shift.nurse_id, shift.day): shift.ends_at for shift in plan.shifts}
    last: dict[tuple[int, object], datetime] = {}
    for stop in plan.stops:
        key = (stop.nurse_id, stop.day)
        last[key] = max(stop.leaves_at, last.get(key, stop.leaves_at))
    return sum(max(0.0, (leaves - ends[key]).total_seconds() / 60.0) for key, leaves in last.items() if key in ends)


def _late(team: Team, before: TeamPlan, after: TeamPlan) -> tuple[Late, ...]:
    def lateness(plan: TeamPlan) -> dict[int, float]:
        promised = {visit.visit_id: visit.promised_by for visit in team.visits}
        return {
            stop.visit_id: max(0.0, (stop.arrives_at - promised[stop.visit_id]).total_seconds() / 60.0)
            for stop in plan.stops
        }

    was = lateness(before)
    found = [
        Late(visit_id, minutes, was.get(visit_id, 0.0))
        for visit_id, minutes in lateness(after).items()
        if minutes >= 1.0 and minutes > was.get(visit_id, 0.0) + 1.0
    ]
    return tuple(sorted(found, key=lambda late: -late.minutes))
