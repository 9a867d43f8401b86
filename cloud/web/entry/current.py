"""Who is looking: the session's cookie and the regions behind it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from fastapi import Request

from cloud.db.pool import AsyncConnection, DatabaseAway
from cloud.db.sight import see_as
from cloud.errors import NotAllowed
from cloud.identity.audit.model import Actor
from cloud.identity.rights import Right
from cloud.identity.store import session_of, token_hash
from cloud.identity.tokens.model import PREFIX
from cloud.identity.tokens.store import program_of
from cloud.web.entry.access import NEEDED
from cloud.web.entry.bearer import bearer_of
from cloud.web.entry.csrf import SESSION_COOKIE
from cloud.web.entry.model import Viewer
from cloud.web.entry.store import regions_below
from cloud.web.errors import NotSignedIn, SecondFactorNeeded
from cloud.web.language import N_
from cloud.web.services import services_of
from cloud.web.standby.database_watch import ANSWER_S

COOKIE = SESSION_COOKIE
log = structlog.get_logger()


async def signed_in(request: Request) -> Viewer:
    """The viewer of this request, who has the right that its route needs.

    Raises NotSignedIn, SecondFactorNeeded where the centre wants one of them, and NotAllowed.
    """
    viewer = await _known(request)
    if not viewer.second_factor and viewer.staff.role in services_of(request).config.web.second_factor_for:
        raise SecondFactorNeeded
    needed = needed_right(request)
    if needed is None:
        log.error("route_opens_to_nobody", route=route_of(request), what="it is not in cloud.web.entry.access")
    if needed is None or not viewer.may(needed):
        raise NotAllowed(N_("This is not among what your role does."))
    acting(request, Actor(viewer.staff.staff_id, viewer.api_token_id))
    return viewer


def acting(request: Request, actor: Actor) -> None:
    """Says for the audit who does what this request asks for; called once they were let in."""
    request.state.actor = actor


def about(request: Request, key: str) -> None:
    """Says for the audit what this request was about, where its address does not."""
    request.state.about = key


def actor_of(request: Request) -> tuple[Actor | None, str]:
    """Who was let in at this request, and what `about` said."""
    return getattr(request.state, "actor", None), getattr(request.state, "about", "")


def regions_of(request: Request) -> frozenset[int] | None:
    """Of whoever is signed in; None: nobody is, or it is an elder's own link."""
    return getattr(request.state, "regions", None)


def needed_right(request: Request) -> Right | None:
    """What the route of this request asks for; None: it was forgotten."""
    method = "GET" if request.method == "HEAD" else request.method
    return NEEDED.get(f"{method} {route_of(request)}")


def route_of(request: Request) -> str:
    """The pattern, without ids and links."""
    return str(getattr(request.scope.get("route"), "path", ""))


async def signed_in_anyhow(request: Request) -> Viewer:
    """The viewer, also one who has to set up a second factor first. Raises NotSignedIn; NotAllowed to a program."""
    viewer = await _known(request)
    if viewer.api_token_id is not None:
        raise NotAllowed(N_("This is not among what your role does."))
    acting(request, Actor(viewer.staff.staff_id))
    return viewer


async def _known(request: Request) -> Viewer:
    viewer = await viewer_of(request)
    if viewer is None:
        raise NotSignedIn
    see_as(viewer.sight)  # what the request does from now on
    request.state.regions = viewer.regions
    return viewer


async def viewer_of(request: Request) -> Viewer | None:
    """Who holds the cookie's session, or for whom a program's token stands, which goes before a cookie.

    While the database is away, whom it let in lately. Raises DatabaseAway where nobody can tell.
    """
    token = bearer_of(request.headers) or request.cookies.get(COOKIE)
    if not token:
        return None
    services, now = services_of(request), wall_now()
    if not services.watch.away:
        try:
            async with asyncio.timeout(ANSWER_S), services.pool.connection(timeout=ANSWER_S) as conn:
                viewer = await _viewer(conn, token, now, timedelta(hours=services.config.web.idle_hours))
        except (DatabaseAway, TimeoutError):
            services.watch.lost()
        else:
            if viewer is None:
                services.memory.forget_viewer(token_hash(token))
            else:
                services.memory.remember_viewer(token_hash(token), viewer, now)
            return viewer
    remembered = services.memory.viewer(token_hash(token), now)
    if remembered is None:
        raise DatabaseAway("who holds this session cannot be told now")
    return remembered


async def _viewer(conn: AsyncConnection, token: str, now: datetime, idle: timedelta) -> Viewer | None:
    if token.startswith(PREFIX):
        program = await program_of(conn, token, now)
        if program is None:
            return None
        name, regions = await regions_below(conn, program.staff.region_id)
        viewer = Viewer(program.staff, regions, name, program.made_at, True)
        return replace(viewer, scopes=program.scopes, api_token_id=program.api_token_id)
    session = await session_of(conn, token, now, idle)
    if session is None:
        return None
    return Viewer(session.staff, session.regions, session.region_name, session.began_at, session.second_factor)


def wall_now() -> datetime:
    """Sessions are for people and end by the wall's clock, also where the day is lived faster."""
    return datetime.now(UTC)
