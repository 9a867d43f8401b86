"""The dispatcher's page, its parts for patching it in place, and one visit with what a move of it would cost."""

from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.web.dispatch.view import day_view, visit_move
from cloud.web.dispatch.words import MOVED, WHY_NOT
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)


@router.get("/dispatch")
async def dispatch_page(
    request: Request, viewer: Annotated[Viewer, Depends(signed_in)], day: date | None = None
) -> Response:
    return page(request, "dispatch.html", await _context(request, viewer, day), viewer=viewer)


@router.get("/dispatch/parts")
async def dispatch_parts(
    request: Request, viewer: Annotated[Viewer, Depends(signed_in)], day: date | None = None
) -> Response:
    return page(request, "dispatch_parts.html", await _context(request, viewer, day), viewer=viewer)


@router.get("/dispatch/visits/{visit_id}")
async def move_page(
    request: Request,
    visit_id: int,
    viewer: Annotated[Viewer, Depends(signed_in)],
    nurse_id: int | None = None,
    at: str = "",
) -> Response:
    """By a form without scripts, too: `nurse_id` and `at` (by the home's clock) ask what the move would cost."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_move(conn, services, viewer, visit_id, nurse_id, clock_of(at))
    context = {"move": shown, "visit": shown.visit, **_words(shown.zone)}
    return page(request, "dispatch_visit.html", context, viewer=viewer, zone=shown.zone)


def clock_of(text: str) -> time | None:
    """None for nothing, and for what is no time of day."""
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        return None


async def _context(request: Request, viewer: Viewer, day: date | None) -> dict[str, Any]:
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await day_view(conn, services, viewer, day)
    return {"shown": shown, **_words(shown.zone)}


def _words(zone: ZoneInfo) -> dict[str, Any]:
    def time_of_day(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    return {"time_of_day": time_of_day, "why_not": WHY_NOT, "moved": MOVED}
