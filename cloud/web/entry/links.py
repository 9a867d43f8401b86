"""The way in by a link and its code: a browser shows the code once, and keeps a cookie for that link alone."""

import asyncio
from typing import Literal

import structlog
from fastapi import Request
from fastapi.responses import Response

from cloud.db.pool import AsyncConnection
from cloud.db.sight import Sight, look_as
from cloud.errors import NotFound
from cloud.identity.audit.model import Actor
from cloud.identity.links import store
from cloud.identity.links.model import SESSION_LASTS, Way, link_hash, link_key
from cloud.identity.passwords import verify_password
from cloud.identity.tries import store as tries_store
from cloud.identity.tries.model import TooManyTries, address_key
from cloud.refusals.counting import count_refusal
from cloud.web.entry.current import acting, wall_now
from cloud.web.errors import LinkCodeNeeded
from cloud.web.services import services_of

log = structlog.get_logger()

COOKIE = "doorstep-link"
LONGEST_TOKEN = 200
Door = Literal["e", "f"]
"""The elder's own page, or one of the family's."""


async def way_in(request: Request, conn: AsyncConnection, door: Door, token: str) -> Way:
    """Whom the link lets in; the rest of the transaction sees what they may. Raises NotFound and LinkCodeNeeded."""
    way = await way_behind(conn, door, token)
    if way.code_hash is not None:
        shown = request.cookies.get(COOKIE, "")
        if not shown or not await store.session_stands(conn, shown, link_hash(token), wall_now()):
            raise LinkCodeNeeded(f"/{door}/{token}/code")
    acting(request, _actor(way))
    return way


async def way_behind(conn: AsyncConnection, door: Door, token: str) -> Way:
    """Whom the link would let in with its code. Raises NotFound.

    The database compares digests, so that time tells nothing of the token.
    """
    if not 0 < len(token) <= LONGEST_TOKEN:
        raise NotFound("This link opens nothing.")
    link = link_hash(token)
    await look_as(conn, Sight("link", link=link))
    find = store.way_of_elder(conn, link) if door == "e" else store.way_of_relative(conn, link, wall_now())
    way = await find
    if way is None:
        raise NotFound("This link opens nothing.")
    return way


async def show_code(request: Request, door: Door, token: str, code: str) -> str | None:
    """The cookie's token; None where the code is not the one beside the link. Raises NotFound and TooManyTries."""
    pool, link = services_of(request).pool, link_hash(token)
    async with pool.connection() as conn:
        way = await way_behind(conn, door, token)
    of_link = link_key(link)
    address = request.client.host if request.client else ""
    async with pool.connection() as conn:
        try:
            numbers = await tries_store.begin(conn, [of_link, address_key(address)])
        except TooManyTries:
            log.warning("link_slowed_down", elder_id=way.elder_id, address=address)
            raise
    typed = "".join(letter for letter in code if letter.isdecimal())
    if way.code_hash is not None and not await asyncio.to_thread(verify_password, typed, way.code_hash):
        count_refusal("link_code")
        log.info("link_code_refused", elder_id=way.elder_id, relative_id=way.relative_id, address=address)
        return None
    async with pool.connection() as conn:
        await tries_store.succeeded(conn, numbers, of_link)
        acting(request, _actor(way))
        return await store.open_session(conn, link, way, wall_now())


def remember(request: Request, answer: Response, door: Door, token: str, shown: str) -> Response:
    answer.set_cookie(
        COOKIE,
        shown,
        max_age=int(SESSION_LASTS.total_seconds()),
        path=f"/{door}/{token}",
        httponly=True,
        samesite="lax",
        secure=services_of(request).config.web.secure_cookies,
    )
    return answer


async def leave(request: Request, answer: Response, door: Door, token: str) -> Response:
    """This browser shows the code anew next time."""
    shown = request.cookies.get(COOKIE)
    if shown:
        async with services_of(request).pool.connection() as conn:
            way = await way_behind(conn, door, token)
            if await store.session_stands(conn, shown, link_hash(token), wall_now()):
                acting(request, _actor(way))
            await store.close_session(conn, shown)
    answer.delete_cookie(
        COOKIE,
        path=f"/{door}/{token}",
        httponly=True,
        samesite="lax",
        secure=services_of(request).config.web.secure_cookies,
    )
    return answer


def _actor(way: Way) -> Actor:
    return Actor(elder_id=way.elder_id, relative_id=way.relative_id)
