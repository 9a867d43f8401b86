"""An assessment of an elder's abilities: the form with all its items, and what was answered."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.registry.elders import store
from cloud.registry.elders.abilities import store as abilities
from cloud.registry.elders.abilities.scales import PARTS, Ground, Scale, judge, most_points
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.register import words
from cloud.web.register.forms import Fields, Written
from cloud.web.register.posting import fields_from, refused
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
_GROUNDS = {Scale.GBT42195: [ground.value for ground in Ground], Scale.BARTHEL: list[str]()}


@router.get("/elders/{elder_id}/abilities/{scale}")
async def assessment_page(request: Request, elder_id: int, scale: Scale, viewer: SignedIn) -> Response:
    return await _form(request, viewer, elder_id, scale, fields={}, wrong={})


@router.post("/elders/{elder_id}/abilities/{scale}")
async def keep_assessment(request: Request, elder_id: int, scale: Scale, viewer: SignedIn) -> Response:
    """Every item is answered, or the form comes again with what was."""
    services = services_of(request)
    fields = await fields_from(request)
    async with services.pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
    written = Written(fields)
    today = services.now.astimezone(ZoneInfo(entry.time_zone)).date()
    answers = _answers(written, scale)
    grounds = frozenset(map(Ground, written.several("grounds", _GROUNDS[scale])))
    assessed_on = written.day("assessed_on", today) or today
    note, beside = written.text("note"), written.line("beside")
    if written.wrong:
        return await refused(
            request, written.wrong, lambda: _form(request, viewer, elder_id, scale, fields=fields, wrong=written.wrong)
        )
    async with services.pool.connection() as conn:
        await abilities.assess(
            conn,
            elder_id,
            scale,
            answers=answers,
            grounds=grounds,
            result=judge(scale, answers, grounds),
            assessed_on=assessed_on,
            note=note,
            beside=beside,
            staff_id=viewer.staff.staff_id,
            now=services.now,
        )
    log.info("ability_assessed", elder_id=elder_id, scale=scale.value, staff_id=viewer.staff.staff_id)
    return see_other(f"/elders/{elder_id}/register#abilities")


@router.post("/elders/{elder_id}/abilities/{ability_id}/strike")
async def strike_assessment(request: Request, elder_id: int, ability_id: int, viewer: SignedIn) -> Response:
    """It was wrong: it stays, struck, and counts no more."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        await store.entry(conn, elder_id)
        await abilities.strike(conn, elder_id, ability_id, staff_id=viewer.staff.staff_id, now=services.now)
    return see_other(f"/elders/{elder_id}/register#abilities")


def _answers(written: Written, scale: Scale) -> dict[str, int]:
    answers = {}
    for item in (item for part in PARTS[scale] for item in part.items):
        text = written.line(item.code)
        if re.fullmatch(r"[0-9]{1,2}", text) and int(text) in item.points:
            answers[item.code] = int(text)
        else:
            written.wrong[item.code] = N_("Choose how it is.")
    return answers


async def _form(
    request: Request, viewer: Viewer, elder_id: int, scale: Scale, *, fields: Fields, wrong: dict[str, str]
) -> Response:
    async with services_of(request).pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
    zone = ZoneInfo(entry.time_zone)
    context = {
        "entry": entry,
        "scale": scale,
        "parts": PARTS[scale],
        "most": most_points(scale),
        "grounds": _GROUNDS[scale],
        "today": services_of(request).now.astimezone(zone).date(),
        "fields": fields,
        "wrong": wrong,
        "words": words,
    }
    return page(request, "ability.html", context, viewer=viewer, zone=zone, status_code=422 if wrong else 200)
