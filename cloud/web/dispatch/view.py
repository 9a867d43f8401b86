"""A day's routes for the dispatcher, and what a move of one visit would cost."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from cloud.db.pool import AsyncConnection
from cloud.visits.routes.laying import Roads
from cloud.visits.routes.pricing import Price, price_of
from cloud.visits.routes.team import read_teams
from cloud.visits.routes.ways import read_roads
from cloud.web.consent.sharing import must_be_shown, shown_to
from cloud.web.dispatch import store
from cloud.web.dispatch.drawing import Grid, grid
from cloud.web.dispatch.model import MovedVisit, OnDuty, Planned
from cloud.web.entry.model import Viewer
from cloud.web.services import Services


@dataclass(frozen=True)
class DayView:
    day: date
    days: tuple[date, ...]
    zone: ZoneInfo
    grid: Grid
    waiting: list[Planned]
    """Open visits that stand in no route."""
    names: dict[int, str]
    """Of the nurses, by number."""


@dataclass(frozen=True)
class LateVisit:
    visit_id: int
    elder_name: str
    minutes: float
    minutes_before: float


@dataclass(frozen=True)
class Wanted:
    """A move that somebody thinks of."""

    nurse_id: int
    at: datetime | None
    price: Price
    late: list[LateVisit]


@dataclass(frozen=True)
class VisitMove:
    visit: Planned
    zone: ZoneInfo
    nurses: list[OnDuty]
    moves: list[MovedVisit]
    wanted: Wanted | None


async def day_view(conn: AsyncConnection, services: Services, viewer: Viewer, day: date | None) -> DayView:
    """`day` None: today. What is further off than routes are laid is shown as the last day that is."""
    now = services.now
    zone = ZoneInfo(await store.zone_of_regions(conn, viewer.regions))
    today = now.astimezone(zone).date()
    days = tuple(today + timedelta(days=n) for n in range(services.config.routes.days_ahead + 1))
    chosen = day if day is not None and (day in days or day < today) else today
    nurses = await store.nurses(conn, viewer.regions, chosen)
    visits = await store.on_day(conn, viewer.regions, chosen)
    waiting = await store.in_no_route(conn, viewer.regions)
    shown = await shown_to(conn, viewer, {visit.elder_id for visit in (*visits, *waiting)})
    opens = datetime.combine(chosen, time(0), zone)
    return DayView(
        chosen,
        days,
        zone,
        grid(nurses, [visit for visit in visits if visit.elder_id in shown], opens, now),
        [visit for visit in waiting if visit.elder_id in shown],
        {one.nurse_id: one.name for one in nurses},
    )


async def visit_move(  # noqa: PLR0917 - who thinks of which move of a visit
    conn: AsyncConnection, services: Services, viewer: Viewer, visit_id: int, nurse_id: int | None, at: time | None
) -> VisitMove:
    """Raises NotFound. `nurse_id` None: nobody thinks of a move yet."""
    visit = await store.planned(conn, visit_id, viewer.regions)
    await must_be_shown(conn, viewer, visit.elder_id)
    zone = ZoneInfo(visit.time_zone)
    day = visit.day or services.now.astimezone(zone).date()
    wanted = None
    if nurse_id is not None:
        wanted = await _wanted(conn, services, viewer, visit, nurse_id, moment_of(at, day, zone))
    return VisitMove(
        visit, zone, await store.nurses(conn, viewer.regions, day), await store.moves(conn, visit_id), wanted
    )


def moment_of(at: time | None, day: date, zone: ZoneInfo) -> datetime | None:
    return None if at is None else datetime.combine(day, at, zone)


async def _wanted(  # noqa: PLR0917 - as above
    conn: AsyncConnection, services: Services, viewer: Viewer, visit: Planned, nurse_id: int, at: datetime | None
) -> Wanted | None:
    """None where nothing of the visit is planned any more."""
    routes, now = services.config.routes, services.now
    teams = await read_teams(conn, now, routes.days_ahead, seen=viewer.regions)
    for team in teams:
        for one in team.visits:
            if one.visit_id == visit.visit_id and visit.state not in ("travelling", "at_the_door", "no_answer"):
                price = price_of(team, one, nurse_id, at, now, routes, _roads(services))
                names = await store.names_of(conn, [late.visit_id for late in price.late])
                late = [
                    LateVisit(late.visit_id, names.get(late.visit_id, ""), late.minutes, late.minutes_before)
                    for late in price.late
                ]
                return Wanted(nurse_id, at, price, late)
    return None


def _roads(services: Services) -> Roads:
    path = services.config.routes.roads
    return _read(services.config.beside(path)) if path else {}


@lru_cache(maxsize=2)
def _read(path: Path) -> Roads:
    return read_roads(path)
