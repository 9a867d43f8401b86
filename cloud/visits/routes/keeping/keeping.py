"""A team's plan written down in one transaction: stops, who is asked, what is told. Killed before it, nothing is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.visits.asking import store as asking
from cloud.visits.model import VisitState
from cloud.visits.routes.keeping import store
from cloud.visits.routes.keeping.moves import moves_of
from cloud.visits.routes.model import UNDER_WAY, NotPlanned, OpenVisit, Shift, Stop, Team, TeamPlan

log = structlog.get_logger()

SAME_MIN = 1.0
"""An arrival that moves by less is not written anew."""


@dataclass(frozen=True)
class Written:
    visits: int
    """That stand otherwise now."""
    whole: bool
    """Whether nothing was left to the next look."""


async def keep(  # noqa: PLR0917 - a team's plan is kept at a time, by a policy
    connection: AsyncConnection,
    team: Team,
    plan: TeamPlan,
    now: datetime,
    policy: Visits,
    tell_min: float,
    *,
    anew: bool = False,
) -> Written:
    """One transaction. What changed since the team was read is left to the next look; where another process wrote
    first, all of it is."""
    known = {visit.visit_id: visit for visit in team.visits}
    stops = [stop for stop in plan.stops if _differs(known[stop.visit_id], stop)]
    asks = [stop for stop in plan.stops if _to_be_asked(known[stop.visit_id], stop)]
    missing = [one for one in plan.not_planned if not known[one.visit_id].unplanned or known[one.visit_id].kept]
    touched = {stop.visit_id for stop in (*stops, *asks)} | {one.visit_id for one in missing}
    if not touched:
        return Written(0, whole=True)
    async with connection.transaction():
        if not await store.take_version(connection, team.region_id, team.version):
            return Written(0, whole=False)
        same = await store.unchanged(connection, [known[visit_id] for visit_id in sorted(touched)])
        await _write(connection, plan, [s for s in stops if s.visit_id in same], now)
        await store.put_unplanned(connection, [one for one in missing if one.visit_id in same], now)
        moves = moves_of(
            team.visits, [s for s in plan.stops if s.visit_id in same], now, tell_min, people=team.people, anew=anew
        )
        for stop in asks:
            if stop.visit_id in same:
                await _ask(connection, known[stop.visit_id], stop, now, policy)
        await store.put_moves(connection, moves, now)
        if same:
            await store.say_changed(connection, min(same))
    for one in missing:
        _say_missing(one, same)
    log.info("routes_kept", team=team.region_id, stops=len(stops), asked=len(asks), moved=len(moves))
    return Written(len(same), whole=same == touched)


async def _write(connection: AsyncConnection, plan: TeamPlan, stops: list[Stop], now: datetime) -> None:
    if not stops:
        return
    shifts = {(shift.nurse_id, shift.day): shift for shift in plan.shifts}
    for stop in stops:  # somebody is on the way outside of her hours, or on a day off
        shifts.setdefault((stop.nurse_id, stop.day), _hours_of(stop))
    used = {(stop.nurse_id, stop.day) for stop in stops}
    routes = await store.put_routes(connection, [shifts[key] for key in sorted(used)], now)
    await store.put_stops(connection, stops, routes)


def _hours_of(stop: Stop) -> Shift:
    return Shift(stop.nurse_id, stop.day, stop.arrives_at, stop.leaves_at)


async def _ask(connection: AsyncConnection, visit: OpenVisit, stop: Stop, now: datetime, policy: Visits) -> None:
    waits = visit.priority is Priority.NOW
    answer_by = now + timedelta(minutes=policy.answer_now_min) if waits else None
    await asking.assign(connection, visit.visit_id, stop.nurse_id, now, answer_by=answer_by)
    log.info("visit_assigned", visit=visit.visit_id, staff=stop.nurse_id)


def _differs(visit: OpenVisit, stop: Stop) -> bool:
    kept = visit.kept
    if kept is None or visit.unplanned or (kept.nurse_id, kept.day) != (stop.nurse_id, stop.day):
        return True
    apart = max(abs(kept.arrives_at - stop.arrives_at), abs(kept.leaves_at - stop.leaves_at))
    return apart >= timedelta(minutes=SAME_MIN)


def _to_be_asked(visit: OpenVisit, stop: Stop) -> bool:
    """Whom the plan gives a visit is asked for it; whoever said yes, or was asked by the desk, is not asked again."""
    if visit.state in UNDER_WAY:
        return False
    if visit.state is VisitState.PROPOSED:
        return True
    if visit.state is not VisitState.ASSIGNED or visit.asked_by_desk or visit.answer_by is not None:
        return False
    return visit.nurse_id != stop.nurse_id or visit.priority is Priority.NOW


def _say_missing(one: NotPlanned, same: set[int]) -> None:
    if one.visit_id in same:
        log.warning("visit_not_planned", visit=one.visit_id, why=one.why)
