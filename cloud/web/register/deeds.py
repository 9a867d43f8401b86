"""What is done to an entry apart from writing it: numbers kept and uncovered, a move, a new elder."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.db.pool import own_connection
from cloud.registry.elders import store
from cloud.registry.elders.identity import store as identities
from cloud.registry.elders.identity.card import CardRefused, read_card
from cloud.registry.elders.identity.number import NumberRefused, read_number
from cloud.registry.moving.store import move
from cloud.registry.new_home.store import add_elder, add_home
from cloud.web.entry.current import about, signed_in
from cloud.web.entry.model import Viewer
from cloud.web.homes.store import communities
from cloud.web.language import N_
from cloud.web.register.forms import Fields, Written, fields_of, today_in
from cloud.web.register.numbers import opened
from cloud.web.register.pages import show_entry
from cloud.web.register.posting import fields_from, refused
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
_NUMBER = N_("This is no identity number: it has 18 characters, and the last one checks the others.")
_CARD = N_("This is no number of a social insurance card: 8 to 20 letters and digits.")


@router.post("/elders/{elder_id}/register/numbers")
async def keep_numbers(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """Each that was written is kept; `forget_number` and `forget_card` take one out."""
    services = services_of(request)
    fields, wrong = await fields_from(request), dict[str, str]()
    wanted: dict[identities.Which, str | None] = {}
    try:
        if text := _one(fields, "number"):
            wanted["number"] = read_number(text, today_in(services.now)).text
    except NumberRefused:
        wrong["number"] = _NUMBER
    try:
        if text := _one(fields, "card"):
            wanted["card"] = read_card(text)
    except CardRefused:
        wrong["card"] = _CARD
    for which in identities.BOTH:
        if _one(fields, f"forget_{which}"):
            wanted[which] = None
    async with services.pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        if wrong:
            whole = fields_of(entry, await store.contacts(conn, elder_id))
            return await refused(
                request, wrong, lambda: show_entry(request, viewer, conn, entry, fields=whole, wrong=wrong)
            )
        for which, number in wanted.items():
            await identities.set_identity(
                conn,
                elder_id,
                which,
                sealed=None if number is None else services.identity_keys.close(number, which, elder_id),
                number_hash=None if number is None else services.identity_keys.hash(number),
                staff_id=viewer.staff.staff_id,
                now=services.now,
            )
    log.info("identity_changed", elder_id=elder_id, staff_id=viewer.staff.staff_id)
    return see_other(f"/elders/{elder_id}/register")


@router.post("/elders/{elder_id}/register/numbers/show")
async def uncover_numbers(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """The page with the numbers whole. The audit says who looked, and the elder can read that."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        numbers = opened(services, elder_id, await identities.identity(conn, elder_id))
        fields = fields_of(entry, await store.contacts(conn, elder_id))
        answer = await show_entry(request, viewer, conn, entry, fields=fields, wrong={}, shown=numbers)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.post("/elders/{elder_id}/move")
async def move_elder(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """To a home that is there (`home`), or to a new one in `community` at `address`."""
    services = services_of(request)
    fields = await fields_from(request)
    written = Written(fields)
    home, community, why = written.line("home"), written.line("community"), written.text("why")
    address = written.line("address", needed=not home)
    async with services.pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        allowed = {choice.code for choice in await communities(conn, viewer.regions)}
        if home and not await store.has_home(conn, home):
            written.wrong["home"] = N_("There is no such home among yours.")
        if not home and community not in allowed:
            written.wrong["community"] = N_("Choose one of those on the page.")
        if written.wrong:
            whole = fields_of(entry, await store.contacts(conn, elder_id))
            return await refused(
                request,
                written.wrong,
                lambda: show_entry(request, viewer, conn, entry, fields=whole, wrong=written.wrong),
            )

    def go() -> None:
        # as the owner: who moves somebody out of their regions does not see them there
        with own_connection(services.config.database.dsn, "web-register") as connection, connection.transaction():
            code = home or add_home(connection, community=community, address=address)
            move(connection, elder_id, code, why=why, staff_id=viewer.staff.staff_id, now=services.now)

    await asyncio.to_thread(go)
    log.info("elder_moved", elder_id=elder_id, staff_id=viewer.staff.staff_id)
    return see_other(f"/elders/{elder_id}/register")


@router.get("/elders/new")
async def new_elder_page(request: Request, viewer: SignedIn) -> Response:
    return await _new(request, viewer, {}, {})


@router.post("/elders/new")
async def make_elder(request: Request, viewer: SignedIn) -> Response:
    """Name and home; the rest of the entry is written on its page, which opens then."""
    services = services_of(request)
    fields = await fields_from(request)
    written = Written(fields)
    name = written.line("name", needed=True)
    home, community = written.line("home"), written.line("community")
    address = written.line("address", needed=not home)
    async with services.pool.connection() as conn:
        allowed = {choice.code for choice in await communities(conn, viewer.regions)}
        if home and not await store.has_home(conn, home):
            written.wrong["home"] = N_("There is no such home among yours.")
    if not home and community not in allowed:
        written.wrong["community"] = N_("Choose one of those on the page.")
    if written.wrong:
        return await refused(request, written.wrong, lambda: _new(request, viewer, fields, written.wrong))

    def make() -> int:
        with own_connection(services.config.database.dsn, "web-register") as connection, connection.transaction():
            code = home or add_home(connection, community=community, address=address)
            return add_elder(connection, home=code, name=name)

    elder_id = await asyncio.to_thread(make)
    about(request, str(elder_id))
    log.info("elder_made", elder_id=elder_id, staff_id=viewer.staff.staff_id)
    return see_other(f"/elders/{elder_id}/register")


async def _new(request: Request, viewer: Viewer, fields: Fields, wrong: dict[str, str]) -> Response:
    async with services_of(request).pool.connection() as conn:
        choices = await communities(conn, viewer.regions)
    context = {"communities": choices, "fields": fields, "wrong": wrong}
    return page(request, "elder_new.html", context, viewer=viewer, status_code=422 if wrong else 200)


def _one(fields: Fields, name: str) -> str:
    return "".join(fields.get(name, ()))[:60].strip()
