"""The page of days off, and what is noted on it: routes are then made anew by the process `visits`."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.visits.absences import store as absences
from cloud.web.answers import accepts, done, posted
from cloud.web.dispatch import store as dispatch_store
from cloud.web.dispatch.staffing import store
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.render import language_of, page
from cloud.web.services import services_of

router = APIRouter(tags=["dispatch"])
LONGEST_DAYS = 400
LARGEST_ID = 2**31 - 1


class DaysOffNoted(BaseModel):
    nurse_id: int = Field(ge=1, le=LARGEST_ID)
    first: date
    last: date | None = None
    """The last day off; left out: `first` is the only one."""


class WorksAfterAll(BaseModel):
    nurse_id: int = Field(ge=1, le=LARGEST_ID)
    day: date
    """One of her days off."""


@router.get("/dispatch/absences", include_in_schema=False)
async def absences_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        zone = ZoneInfo(await dispatch_store.zone_of_regions(conn, viewer.regions))
        today = services.now.astimezone(zone).date()
        context = {
            "today": today,
            "nurses": await store.nurses_of(conn, viewer.regions),
            "days_off": await store.days_off(conn, viewer.regions, today),
        }
    return page(request, "absences.html", context, viewer=viewer, zone=zone)


@router.post("/api/v1/absences", openapi_extra=accepts(DaysOffNoted))
async def note(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """A nurse does not work on these days. What is hers on them goes on to others, promised anew where it must be."""
    wish = await posted(request, DaysOffNoted)
    services = services_of(request)
    last = wish.last or wish.first
    if last < wish.first:
        raise HTTPException(422, N_("The last day lies before the first."))
    if (last - wish.first).days > LONGEST_DAYS:
        raise HTTPException(422, N_("Days off of more than a year are not noted here."))
    async with services.pool.connection() as conn, conn.transaction():
        await _need_nurse(conn, wish.nurse_id, viewer)
        absence_id = await absences.put(conn, wish.nurse_id, wish.first, last, viewer.staff.staff_id, services.now)
    if absence_id is None:
        language = language_of(request)
        raise Conflict(
            language.gettext("She is away on one of these days already. Take the other days off back first.")
        )
    return done(request, {"absence_id": absence_id}, "/dispatch/absences")


@router.post("/api/v1/absences/take-back", openapi_extra=accepts(WorksAfterAll))
async def take_back(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """She works after all on the days off that this day is one of. Done twice it is done once."""
    wish = await posted(request, WorksAfterAll)
    async with services_of(request).pool.connection() as conn, conn.transaction():
        await _need_nurse(conn, wish.nurse_id, viewer)
        taken = await absences.take_back(conn, wish.nurse_id, wish.day)
    return done(request, {"taken_back": taken}, "/dispatch/absences")


async def _need_nurse(conn: AsyncConnection, nurse_id: int, viewer: Viewer) -> None:
    if not await absences.works_in(conn, nurse_id, viewer.regions):
        raise NotFound(N_("There is no such nurse in your community."))
