"""Keeps the routes true: looks at each team when something changed, and at set hours searches for better ones."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from prometheus_client import Counter, Histogram

from cloud.config import CloudConfig
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.routes_config import Routes, clock_time
from cloud.visits.routes.keeping import store
from cloud.visits.routes.keeping.keeping import Written, keep
from cloud.visits.routes.laying import Roads, lay, plan_team
from cloud.visits.routes.model import Team, TeamPlan
from cloud.visits.routes.team import midnight, read_teams
from cloud.visits.routes.ways import read_roads

log = structlog.get_logger()

PLANNED = Histogram("doorstep_routes_seconds", "Wall seconds in which a team's routes were made to fit what changed")
SEARCHED = Counter("doorstep_routes_searched", "Set hours at which a team's routes were searched anew")

LOOK_AGAIN = timedelta(minutes=5)
"""Of the centre's time: so often expected arrivals are reckoned anew where nothing happened."""
URGENT_S = 0.5
"""Of search, when something urgent came."""
SLICE_S = 1.0
"""A search at a set hour looks so often whether something happened."""


class Planner:
    """One a process. Remembers nothing that the tables do not say better."""

    def __init__(self, config: CloudConfig) -> None:
        self._policy = config.visits
        self._routes: Routes = config.routes
        self._roads: Roads = read_roads(config.beside(config.routes.roads)) if config.routes.roads else {}
        self._seen: dict[int, tuple[int, datetime]] = {}
        """By team: how it stood when its routes were last made to fit, and when."""
        self._late: dict[int, int] = {}
        """By team: how many promises its routes broke then."""
        self._searching: dict[int, float] = {}
        """By team: seconds of search that are left of its set hour."""
        self._idle = (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
        """From when until when no set hour is due; it is looked again after LOOK_AGAIN at the latest."""
        self._searches = 0
        self._alone = asyncio.Lock()

    async def follow(self, connection: AsyncConnection, now: datetime, *, seen: frozenset[int] | None = None) -> int:
        """Brings all routes to what stands; gives how many visits changed. `seen`: only those of teams with homes in
        these regions."""
        async with self._alone:
            return await self._follow(connection, now, seen)

    async def _follow(self, connection: AsyncConnection, now: datetime, seen_regions: frozenset[int] | None) -> int:
        changed = await store.clear_ended(connection)
        await connection.commit()
        for team in await read_teams(connection, now, self._routes.days_ahead, seen=seen_regions):
            await connection.commit()
            stands = _fingerprint(team)
            seen, at = self._seen.get(team.region_id, (None, now))
            if stands == seen and timedelta(0) <= now - at < LOOK_AGAIN:
                continue
            begun = monotonic()
            seconds = URGENT_S if any(_came_between(team)) else 0.0
            written = await self._plan(connection, team, now, seconds)
            changed += written.visits
            if written.whole:
                self._seen[team.region_id] = (stands, now)
            PLANNED.observe(monotonic() - begun)
        return changed

    async def search(self, connection: AsyncConnection, now: datetime) -> bool:
        """A slice of what a set hour asks for; whether anything is left of it."""
        begin, end = self._idle
        if begin <= now < end:
            return False
        async with self._alone:
            return await self._search(connection, now)

    async def _search(self, connection: AsyncConnection, now: datetime) -> bool:
        left, until = False, now + LOOK_AGAIN
        teams = await read_teams(connection, now, self._routes.days_ahead)
        for team in teams:
            await connection.commit()
            until = min([until, *(hour for hour in _set_hours(team, now, self._routes) if hour > now)])
            due = _set_hour(team, now, self._routes)
            if due is None or (team.hour_done is not None and team.hour_done >= due):
                continue
            seconds = self._searching.setdefault(team.region_id, self._routes.search_s)
            slice_s = min(SLICE_S, seconds)
            if slice_s > 0 and len(team.visits) > 1:
                await self._plan(connection, team, now, slice_s, anew=True)
                self._searching[team.region_id] = seconds - slice_s
            if slice_s > 0 and len(team.visits) > 1 and seconds > slice_s:
                left = True
                continue
            del self._searching[team.region_id]
            await store.note_hour(connection, team.region_id, due)
            await connection.commit()
            SEARCHED.inc()
            log.info("routes_searched", team=team.region_id, visits=len(team.visits))
        if teams and not left:
            self._idle = (now, until)
        return left

    def _seed(self) -> int:
        self._searches += 1
        return self._searches

    async def _plan(
        self, connection: AsyncConnection, team: Team, now: datetime, seconds: float, *, anew: bool = False
    ) -> Written:
        routes = self._routes

        def planned() -> TeamPlan:
            laid = lay(team, now, routes, self._roads)
            plan = plan_team(laid, routes, seconds, seed=self._seed())
            if seconds == 0.0 and _late(team, plan) > self._late.get(team.region_id, 0):
                plan = plan_team(laid, routes, URGENT_S, seed=self._seed())
            return plan

        plan = await asyncio.to_thread(planned)
        self._late[team.region_id] = _late(team, plan)
        return await keep(connection, team, plan, now, self._policy, routes.tell_min, anew=anew)


def _late(team: Team, plan: TeamPlan) -> int:
    """Promises that the plan breaks, or that nobody is left to keep."""
    promised = {visit.visit_id: visit.promised_by for visit in team.visits}
    return len(plan.not_planned) + sum(stop.arrives_at > promised[stop.visit_id] for stop in plan.stops)


def _came_between(team: Team) -> list[bool]:
    return [visit.priority is Priority.NOW and visit.kept is None for visit in team.visits]


def _fingerprint(team: Team) -> int:
    """Of all that routes are made from, without the routes and without the time."""
    visits = tuple(
        (
            visit.visit_id, visit.state, visit.nurse_id, visit.priority, visit.promised_by, visit.answer_by,
            visit.pinned_to, visit.pinned_at, visit.minutes, visit.skills, visit.refused_by, visit.together_with,
            visit.kept is None and not visit.unplanned,
        )
        for visit in team.visits
    )  # fmt: skip
    return hash((visits, team.people))


def _set_hour(team: Team, now: datetime, routes: Routes) -> datetime | None:
    """The last one that is past, today or yesterday; None: there are none."""
    return max((hour for hour in _set_hours(team, now, routes) if hour <= now), default=None)


def _set_hours(team: Team, now: datetime, routes: Routes) -> list[datetime]:
    """Of yesterday, today and tomorrow."""
    return [
        datetime.combine(midnight(now, team.zone, day).date(), clock_time(text), team.zone)
        for day in (-1, 0, 1)
        for text in routes.plan_at
    ]
