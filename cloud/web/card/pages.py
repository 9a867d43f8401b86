"""The card of who calls: a part for the board, and a page of its own. Each opening is a line of the audit."""

import asyncio
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.alarms import desk
from cloud.alarms.journal import JournalFails
from cloud.alarms.model import Act, Doing
from cloud.db.pool import DatabaseAway
from cloud.errors import NotFound
from cloud.web.board.acting import WAIT_FOR_ROW_S, find
from cloud.web.board.model import BoardAlarm
from cloud.web.board.pages import MINUTES
from cloud.web.card.model import Card
from cloud.web.card.view import read_card, remembered_card
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import page
from cloud.web.services import Services, services_of
from cloud.web.standby.database_watch import ANSWER_S

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


@router.get("/alarms/{alarm_id}")
async def card_page(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    return await _answer(request, "alarm.html", alarm_id, viewer)


@router.get("/alarms/{alarm_id}/card")
async def card_part(request: Request, alarm_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """The card without a page around it; the board puts it in."""
    return await _answer(request, "alarm_card.html", alarm_id, viewer)


async def _answer(request: Request, template: str, alarm_id: UUID, viewer: Viewer) -> Response:
    services = services_of(request)
    alarm = await find(services, alarm_id, viewer.regions)
    card = await _card(services, alarm, viewer)
    context: dict[str, Any] = {"card": card, "alarm": card.alarm, "minutes": MINUTES}
    return page(request, template, context, viewer=viewer, zone=ZoneInfo(alarm.time_zone))


async def _card(services: Services, alarm: BoardAlarm, viewer: Viewer) -> Card:
    if not services.watch.away:
        try:
            async with asyncio.timeout(ANSWER_S), services.pool.connection(timeout=ANSWER_S) as conn:
                card = await read_card(conn, services, alarm, viewer)
                if alarm.stored:
                    await desk.see(conn, alarm.alarm_id, viewer.staff.staff_id, services.now)
                else:
                    services.hearing.start(_note_seen(services, alarm, viewer))
                return card
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
    services.hearing.start(_note_seen(services, alarm, viewer))
    return remembered_card(services, alarm, viewer)


async def _note_seen(services: Services, alarm: BoardAlarm, viewer: Viewer) -> None:
    """The audit's line as soon as the alarm has its row, or by the desk's journal. A card is not kept from who helps
    because the disk is full: then the log has the line."""
    staff, now = viewer.staff, services.now
    if not services.watch.away:
        await services.hearing.until_stored(alarm.alarm_id, WAIT_FOR_ROW_S)
        try:
            async with services.pool.connection(timeout=ANSWER_S) as conn:
                await desk.see(conn, alarm.alarm_id, staff.staff_id, now)
        except (DatabaseAway, NotFound):
            pass
        else:
            return
    seen = Act(
        alarm_id=alarm.alarm_id,
        gateway_id=alarm.gateway_id,
        doing=Doing.SEE,
        staff_id=staff.staff_id,
        staff_name=staff.name,
        at=now,
    )
    try:
        if services.journal is not None:
            begun = await asyncio.to_thread(services.journal.begin, seen)
            await asyncio.to_thread(services.journal.stand, begun.number)
            return
    except JournalFails:
        pass
    log.warning("card_seen", alarm=str(alarm.alarm_id), elder=alarm.elder_id, staff=staff.staff_id)
