"""What was noticed and waits for room in the team's week: nothing of it is hidden, and anybody can send it at once."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from cloud.detection.model import Cause
from cloud.errors import Conflict, NotFound
from cloud.web.answers import done
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.held import store
from cloud.web.held.view import team_weeks
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.words import Sayer

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
RowId = Annotated[int, Path(ge=0, le=2**63 - 1)]


@router.get("/held")
async def held_page(request: Request, viewer: SignedIn) -> Response:
    services, language = services_of(request), language_of(request)
    budget, now = services.limit_lines.budget, services.now
    async with services.pool.connection() as conn:
        held = await store.held(conn, viewer.regions)
        weeks = await store.weeks(conn, viewer.regions, now - timedelta(days=budget.days), sorted(Cause))
        words = await store.words(conn, viewer.regions, now - timedelta(days=budget.verdict_days))
    sayer_of = {zone: Sayer(language, services.measures, ZoneInfo(zone), now) for zone in {a.time_zone for a in held}}
    teams = team_weeks(held, weeks, words, budget, now, sayer_of=sayer_of)
    context = {"teams": teams, "count": sum(len(team.waiting) for team in teams), "budget": budget}
    return page(request, "held.html", context, viewer=viewer)


@router.post("/held/{alert_id}/send")
async def send_now(request: Request, alert_id: RowId, viewer: SignedIn) -> Response:
    """It waits no longer: a visit is made of it as of any other."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        if not await store.is_in(conn, alert_id, viewer.regions):
            raise NotFound(f"There is no alert {alert_id} in your community.")
        sent = await store.send(conn, alert_id, viewer.regions, services.now)
    if not sent:
        raise Conflict(language_of(request).gettext("This does not wait any more."))
    log.info("alert_sent_by_hand", alert=alert_id, staff_id=viewer.staff.staff_id)
    return done(request, {"alert_id": alert_id}, "/held")
