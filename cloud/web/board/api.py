"""The board, the figures and what can be done with an alarm, as JSON; forms without scripts come the same way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.alarms import desk
from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotAllowed, NotFound
from cloud.visits.dispatch import dispatch_for_alarm
from cloud.web.answers import Line, accepts, done, posted
from cloud.web.board import store
from cloud.web.board.model import Board, BoardAlarm, Figures
from cloud.web.board.view import board
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.errors import NotStoredYet
from cloud.web.language import N_
from cloud.web.render import language_of
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1", tags=["board"])
WAIT_FOR_ROW_S = 3.0
"""An alarm may be taken a moment before its row stands."""


class OnTheWay(BaseModel):
    minutes: int = Field(ge=1, le=240)


class Close(BaseModel):
    reason: Literal["real", "test", "mistake"]
    note: Line = ""


@router.get("/board")
async def get_board(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Board:
    services = services_of(request)
    async with services.pool.connection() as conn:
        return await board(conn, services, viewer, language_of(request))


@router.get("/figures")
async def get_figures(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Figures:
    async with services_of(request).pool.connection() as conn:
        return await store.figures(conn, viewer.regions)


@router.post("/alarms/{alarm_id}/take")
async def take(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    now = services_of(request).now
    return await _act(request, alarm_id, viewer, lambda conn: desk.take(conn, alarm_id, viewer.staff.staff_id, now))


@router.post("/alarms/{alarm_id}/on-the-way", openapi_extra=accepts(OnTheWay))
async def on_the_way(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Tells the home how soon somebody is at the door, and makes the visit."""
    wish = await posted(request, OnTheWay)
    services = services_of(request)
    now, promises = services.now, services.config.visits

    async def send(conn: AsyncConnection) -> None:
        async with conn.transaction():  # else each would commit by itself, and a home be told of nobody's visit
            await desk.on_the_way(conn, alarm_id, viewer.staff.staff_id, wish.minutes, now)
            await dispatch_for_alarm(conn, alarm_id, viewer.staff.staff_id, now, promises=promises)

    return await _act(request, alarm_id, viewer, send)


@router.post("/alarms/{alarm_id}/close", openapi_extra=accepts(Close))
async def close(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, Close)
    now = services_of(request).now
    return await _act(
        request,
        alarm_id,
        viewer,
        lambda conn: desk.close(conn, alarm_id, viewer.staff.staff_id, wish.reason, wish.note, now),
    )


async def _act(
    request: Request, alarm_id: UUID, viewer: Viewer, action: Callable[[AsyncConnection], Awaitable[object]]
) -> Response:
    """Does `action` in one transaction, within the viewer's regions; says who has the alarm where it cannot be done."""
    if not viewer.may_act_on_alarms:
        raise NotAllowed(N_("Alarms are taken by the desk and by nurses."))
    services = services_of(request)
    await services.hearing.until_stored(alarm_id, WAIT_FOR_ROW_S)
    async with services.pool.connection() as conn:
        if await store.alarm(conn, alarm_id, viewer.regions) is None:
            if any(alarm.alarm_id == alarm_id for alarm in services.hearing.unstored(viewer.regions)):
                raise NotStoredYet
            raise NotFound(f"There is no alarm {alarm_id} in your community.")
    async with _conflicts_in_words(request, alarm_id), services.pool.connection() as conn:
        await action(conn)
    async with services.pool.connection() as conn:
        after = await store.alarm(conn, alarm_id, viewer.regions)
    return done(request, after, "/board")


@asynccontextmanager
async def _conflicts_in_words(request: Request, alarm_id: UUID) -> AsyncIterator[None]:
    try:
        yield
    except Conflict as conflict:
        async with services_of(request).pool.connection() as conn:
            alarm = await store.alarm(conn, alarm_id)
        raise Conflict(_who_has_it(request, alarm) or str(conflict)) from conflict


def _who_has_it(request: Request, alarm: BoardAlarm | None) -> str:
    language = language_of(request)
    if alarm is None:
        return ""
    if alarm.state == "closed":
        return language.gettext("The alarm is closed.")
    return language.gettext("%(who)s has it.", who=alarm.who) if alarm.who else ""
