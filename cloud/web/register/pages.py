"""The list of elders, and an elder's entry: shown, written, and its numbers."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.identity.rights import Right
from cloud.registry.elders import store
from cloud.registry.elders.abilities import store as abilities
from cloud.registry.elders.abilities.scales import PARTS, Scale
from cloud.registry.elders.identity import store as identities
from cloud.registry.elders.identity.number import masked
from cloud.registry.elders.model import Entry, Found
from cloud.web.board.looking.store import communities
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.entry.store import regions_below
from cloud.web.homes.store import communities as communities_by_code
from cloud.web.language import N_
from cloud.web.register import words
from cloud.web.register.doubts import doubts
from cloud.web.register.forms import Fields, fields_of, read_change, today_in
from cloud.web.register.numbers import hash_of, opened
from cloud.web.register.posting import fields_from, refused
from cloud.web.register.trend import trend
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
MOST = 50
SignedIn = Annotated[Viewer, Depends(signed_in)]
_UNLESS_EMPTY = BeforeValidator(lambda text: text or None)


@dataclass(frozen=True)
class Asked:
    """Whom somebody looks for, as the address says."""

    q: Annotated[str, Query(max_length=60)] = ""
    region: Annotated[int | None, _UNLESS_EMPTY, Query(ge=1, le=2**31 - 1)] = None
    level: Annotated[int | None, _UNLESS_EMPTY, Query(ge=1, le=4)] = None
    alone: Annotated[bool, Query()] = False
    after: Annotated[str, Query(max_length=220)] = ""
    """The last line of the page before."""


@router.get("/elders")
async def elders_page(request: Request, viewer: SignedIn, asked: Annotated[Asked, Depends()]) -> Response:
    """All that is chosen is in the address, so that a view can be sent. Numbers are looked for by `find_by_number`."""
    async with services_of(request).pool.connection() as conn:
        within = viewer.regions
        if asked.region is not None:
            within &= (await regions_below(conn, asked.region))[1]
        found = await store.find(
            conn,
            within,
            text=asked.q.replace("\0", "").strip(),
            least_level=asked.level,
            alone=asked.alone,
            after=_after(asked.after),
            at_most=MOST + 1,
        )
        context = {
            "found": found[:MOST],
            "first_page": _address(asked),
            "next_page": _address(asked, found[MOST - 1]) if len(found) > MOST else "",
            "regions": await communities(conn, viewer.regions),
            "asked": asked,
            "words": words,
        }
    return page(request, "elders.html", context, viewer=viewer)


@router.post("/elders/find")
async def find_by_number(request: Request, viewer: SignedIn) -> Response:
    """Whose identity or card number it is. It comes in a body, since addresses are kept and logged by many."""
    services = services_of(request)
    number = hash_of(services, "".join((await fields_from(request)).get("number", ()))[:60])
    async with services.pool.connection() as conn:
        found = [] if number is None else await store.find(conn, viewer.regions, number_hash=number)
    if not found:
        raise NotFound(N_("Nobody in your register has this number."))
    return see_other(f"/elders/{found[0].elder_id}/register")


@router.get("/elders/{elder_id}/register")
async def entry_page(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        fields = fields_of(entry, await store.contacts(conn, entry.elder_id))
        return await show_entry(request, viewer, conn, entry, fields=fields, wrong={})


@router.post("/elders/{elder_id}/register")
async def write_entry(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """The whole entry at once, by the version that was read."""
    services = services_of(request)
    fields = await fields_from(request)
    change, contacts, wrong = read_change(fields, today_in(services.now))
    version = "".join(fields.get("version", ()))
    async with services.pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        if wrong:
            return await refused(
                request, wrong, lambda: show_entry(request, viewer, conn, entry, fields=fields, wrong=wrong)
            )
        await store.change(
            conn,
            entry.elder_id,
            change,
            contacts,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1,
            staff_id=viewer.staff.staff_id,
            now=services.now,
        )
    log.info("register_changed", elder_id=elder_id, staff_id=viewer.staff.staff_id)
    return see_other(f"/elders/{elder_id}/register")


async def show_entry(
    request: Request,
    viewer: Viewer,
    conn: AsyncConnection,
    entry: Entry,
    *,
    fields: Fields,
    wrong: dict[str, str],
    shown: dict[str, str] | None = None,
) -> Response:
    """The page with what somebody wrote and what is wrong with it; `shown` are numbers that were uncovered."""
    services = services_of(request)
    today = services.now.astimezone(ZoneInfo(entry.time_zone)).date()
    assessed = await abilities.assessments(conn, entry.elder_id)
    numbers: dict[str, str] = {}
    if viewer.may(Right.IDENTITY):
        numbers = opened(services, entry.elder_id, await identities.identity(conn, entry.elder_id))
    context: dict[str, Any] = {
        "entry": entry,
        "fields": fields,
        "wrong": wrong,
        "may_write": viewer.may(Right.REGISTER_CHANGE),
        "may_identify": viewer.may(Right.IDENTITY),
        "numbers": {which: masked(number) for which, number in numbers.items()},
        "shown": shown or {},
        "doubts": doubts(numbers.get("number"), entry, today),
        "assessed": assessed,
        "trends": {scale: trend(assessed, scale) for scale in Scale},
        "scale_parts": PARTS,
        "moves": await store.moves(conn, entry.elder_id),
        "communities": await communities_by_code(conn, viewer.regions),
        "words": words,
        "scales": list(Scale),
    }
    status = 422 if wrong else 200
    return page(request, "register.html", context, viewer=viewer, zone=ZoneInfo(entry.time_zone), status_code=status)


def _address(asked: Asked, last: Found | None = None) -> str:
    """Of the same search, from after `last` on."""
    wanted = {"q": asked.q, "region": asked.region, "level": asked.level, "alone": asked.alone or None}
    wanted["after"] = f"{last.elder_id}~{last.name}" if last else None
    return "/elders?" + urlencode({name: value for name, value in wanted.items() if value})


def _after(text: str) -> tuple[str, int] | None:
    number, _, name = text.partition("~")
    return (name.replace("\0", ""), int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
