"""The nurse's pages."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.nurse.view import NEXT_STEP, reader_of, today, visit_view
from cloud.web.render import page
from cloud.web.services import services_of
from cloud.web.shared.answers import renews

router = APIRouter(include_in_schema=False)
FOLLOW_UP_DAYS = (1, 3, 7, 14)


@router.get("/today")
async def today_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    listed = await today(services_of(request), viewer, reader_of(request), renewed=renews(request))
    return page(request, "today.html", {"today": listed, "next_step": NEXT_STEP}, viewer=viewer)


@router.get("/visits/{visit_id}")
async def visit_page(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_view(conn, services, viewer, visit_id, reader_of(request))
    zone = ZoneInfo(shown.person.time_zone)
    local_day = services.now.astimezone(zone).date()
    return page(
        request,
        "visit.html",
        {
            "view": shown,
            "next_step": NEXT_STEP,
            "mine": shown.card.nurse_id == viewer.staff.staff_id,
            "today_date": local_day,
            "follow_ups": [(days, local_day + timedelta(days=days)) for days in FOLLOW_UP_DAYS],
            "signed_limits": services.limit_lines.signed,
        },
        viewer=viewer,
        zone=zone,
    )
