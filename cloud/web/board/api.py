"""The board, the figures and what can be done with an alarm, as JSON; forms without scripts come the same way."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from cloud.alarms import desk
from cloud.alarms.model import Doing
from cloud.db.pool import AsyncConnection
from cloud.visits.dispatch import dispatch_for_alarm
from cloud.web.answers import Line, accepts, done, posted
from cloud.web.board import store
from cloud.web.board.acting import Wish, act
from cloud.web.board.looking import store as looking
from cloud.web.board.model import Board, Figures
from cloud.web.board.view import board
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import language_of
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1", tags=["board"])


class OnTheWay(BaseModel):
    minutes: int = Field(ge=1, le=240)


class Note(BaseModel):
    note: Line = Field(min_length=1)


class Close(BaseModel):
    reason: Literal["real", "test", "mistake"]
    note: Line = ""


class Looked(BaseModel):
    until: AwareDatetime
    """Up to when they have seen what changed."""


@router.get("/board")
async def get_board(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Board:
    services = services_of(request)
    return await board(services, viewer, language_of(request))


@router.get("/figures")
async def get_figures(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Figures:
    return await services_of(request).replica.read(lambda conn: store.figures(conn, viewer.regions))


@router.post("/board/looked", openapi_extra=accepts(Looked))
async def looked(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """What changed up to then is no news to the viewer any more."""
    wish = await posted(request, Looked)
    services = services_of(request)
    async with services.pool.connection() as conn:
        await looking.note_look(conn, viewer.staff.staff_id, min(wish.until, services.now))
    return done(request, {"until": min(wish.until, services.now)}, "/board")


@router.post("/alarms/{alarm_id}/take")
async def take(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Gives the alarm to the viewer; 409 says who was first. While the database is away the desk's journal decides."""
    now = services_of(request).now
    after = await act(
        request,
        alarm_id,
        viewer,
        Wish(doing=Doing.TAKE, at=now),
        lambda conn: desk.take(conn, alarm_id, viewer.staff.staff_id, now),
    )
    return done(request, after, "/board")


@router.post("/alarms/{alarm_id}/on-the-way", openapi_extra=accepts(OnTheWay))
async def on_the_way(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Tells the home how soon somebody is at the door, and makes the visit."""
    wish = await posted(request, OnTheWay)
    services = services_of(request)
    now, promises = services.now, services.config.visits

    async def travel(conn: AsyncConnection) -> None:
        async with conn.transaction():  # else each would commit by itself, and a home be told of nobody's visit
            await desk.on_the_way(conn, alarm_id, viewer.staff.staff_id, wish.minutes, now)
            await dispatch_for_alarm(conn, alarm_id, viewer.staff.staff_id, now, promises=promises)

    travelling = Wish(doing=Doing.ON_THE_WAY, at=now, minutes=wish.minutes)
    after = await act(request, alarm_id, viewer, travelling, travel)
    return done(request, after, "/board")


@router.post("/alarms/{alarm_id}/send")
async def send(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Takes the alarm and proposes its visit to the nurses, before everything else. The home hears who has it."""
    services = services_of(request)
    now, promises = services.now, services.config.visits

    async def ask(conn: AsyncConnection) -> None:
        async with conn.transaction():
            await desk.send(conn, alarm_id, viewer.staff.staff_id, now)
            await dispatch_for_alarm(conn, alarm_id, viewer.staff.staff_id, now, promises=promises)

    after = await act(request, alarm_id, viewer, Wish(doing=Doing.SEND, at=now), ask)
    return done(request, after, f"/alarms/{alarm_id}")


@router.post("/alarms/{alarm_id}/note", openapi_extra=accepts(Note))
async def note(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """A line for whoever looks at this alarm next; the home does not hear it."""
    wish = await posted(request, Note)
    now = services_of(request).now
    after = await act(
        request,
        alarm_id,
        viewer,
        Wish(doing=Doing.NOTE, at=now, note=wish.note),
        lambda conn: desk.note(conn, alarm_id, viewer.staff.staff_id, wish.note, now),
    )
    return done(request, after, f"/alarms/{alarm_id}")


@router.post("/alarms/{alarm_id}/close", openapi_extra=accepts(Close))
async def close(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, Close)
    now = services_of(request).now
    after = await act(
        request,
        alarm_id,
        viewer,
        Wish(doing=Doing.CLOSE, at=now, reason=wish.reason, note=wish.note),
        lambda conn: desk.close(conn, alarm_id, viewer.staff.staff_id, wish.reason, wish.note, now),
    )
    return done(request, after, "/board")
