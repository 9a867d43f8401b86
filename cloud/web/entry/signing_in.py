"""Opening a session: by password, by password and code, by passkey. Slowed down for guessers; and its cookie."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import Response

from cloud.db.pool import AsyncConnection
from cloud.identity.audit.model import Actor
from cloud.identity.oidc import store as oidc_store
from cloud.identity.second import passkeys, totp
from cloud.identity.second import store as second_store
from cloud.identity.second.passkeys import PasskeyRefused, Place, place_of
from cloud.identity.store import authenticate, close_session, open_session, session_of, token_hash
from cloud.identity.tries import store as tries_store
from cloud.identity.tries.model import Key, TooManyTries, address_key, login_key, second_factor_key
from cloud.refusals.counting import count_refusal
from cloud.web.entry.current import COOKIE, acting, wall_now
from cloud.web.services import services_of

log = structlog.get_logger()

HALF_COOKIE = "doorstep-half"
_HALF_PATH = "/login"
_REMEMBERED_S = 86400
"""The cookie outlives its session, which the database ends, so that the login page can say that it has ended."""


@dataclass(frozen=True)
class Opened:
    """A session stands."""

    token: str


@dataclass(frozen=True)
class Half:
    """The password was right, and somebody's second factor is to be shown with this token."""

    token: str


async def sign_in(request: Request, login: str, password: str) -> Opened | Half | None:
    """None where login and password do not belong together. Raises TooManyTries."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        of_login = login_key(login)
        numbers = await begin_try(request, conn, of_login)
        staff = await authenticate(conn, login, password)
        if staff is None:
            count_refusal("password")
            log.info("login_refused", address=address_of(request))
            return None
        await tries_store.succeeded(conn, numbers, of_login)
        if await second_store.has_second_factor(conn, staff.staff_id):
            return Half(await second_store.open_half(conn, staff.staff_id, wall_now()))
        return await open_for(request, conn, staff.staff_id, second_factor=False)


async def show_code(request: Request, half: str, code: str) -> Opened | None:
    """None where the code is not of now, or was taken before. Raises TooManyTries."""
    services, now = services_of(request), wall_now()
    async with services.pool.connection() as conn:
        staff = await second_store.half_of(conn, half, now)
        if staff is None:
            return None
        of_code = second_factor_key(staff.staff_id)
        numbers = await begin_try(request, conn, of_code)
        if not await code_is_right(request, conn, staff.staff_id, code):
            count_refusal("code")
            log.info("code_refused", staff_id=staff.staff_id, address=address_of(request))
            return None
        await tries_store.succeeded(conn, numbers, of_code)
        await second_store.close_half(conn, half)
        return await open_for(request, conn, staff.staff_id, second_factor=True)


async def code_is_right(request: Request, conn: AsyncConnection, staff_id: int, code: str) -> bool:
    """Whether it is a code of their app, of now; it is taken by this."""
    app, now = await second_store.app_of(conn, staff_id), wall_now()
    if app is None:
        return False
    secret = services_of(request).seal.open(app.secret, sealed_for(staff_id)).decode()
    step = totp.matching_step(secret, code, now)
    return step is not None and await second_store.take_step(conn, staff_id, step, now)


def sealed_for(staff_id: int) -> str:
    return f"totp:{staff_id}"


async def show_passkey(request: Request, answer: dict[str, Any]) -> Opened:
    """A passkey says by itself whose it is. Raises PasskeyRefused and TooManyTries."""
    place, services, now = here(request), services_of(request), wall_now()
    challenge, credential = passkeys.challenge_in(answer), passkeys.credential_in(answer)
    async with services.pool.connection() as conn:
        numbers = await begin_try(request, conn)
        if not await second_store.take_challenge(conn, challenge, None, now):
            raise PasskeyRefused("this sign-in took too long, or was answered before; try again")
        await conn.commit()  # it was answered, also where the answer does not hold
        found = await second_store.passkey(conn, credential)
        if found is None:
            raise PasskeyRefused("this passkey is nobody's here")
        passkey, staff = found
        count = passkeys.check_known(place, challenge, passkey, answer)
        await second_store.note_use(conn, credential, count, now)
        await tries_store.succeeded(conn, numbers)
        return await open_for(request, conn, staff.staff_id, second_factor=True)


def here(request: Request) -> Place:
    """Where passkeys are valid. Raises PasskeyRefused where they cannot be used."""
    place = place_here(request)
    if place is None:
        raise PasskeyRefused("passkeys need web.address in the configuration, with https")
    return place


def place_here(request: Request) -> Place | None:
    """The centre's address by the configuration; in trials that of this machine."""
    configured = services_of(request).config.web.address
    if configured:
        return place_of(configured.rstrip("/"))
    asked = place_of(f"{request.url.scheme}://{request.url.netloc}")
    return asked if asked is not None and asked.domain == "localhost" else None


async def open_for(request: Request, conn: AsyncConnection, staff_id: int, *, second_factor: bool) -> Opened:
    lasts = timedelta(hours=services_of(request).config.web.session_hours)
    token = await open_session(conn, staff_id, wall_now(), lasts, second_factor=second_factor)
    acting(request, Actor(staff_id))
    log.info("login", staff_id=staff_id, second_factor=second_factor)
    return Opened(token)


async def sign_out(request: Request) -> bool:
    """Whether the session was opened by the centre's provider, where they are signed in still."""
    token = request.cookies.get(COOKIE)
    if not token:
        return False
    services_of(request).memory.forget_viewer(token_hash(token))
    async with services_of(request).pool.connection() as conn:
        if (session := await session_of(conn, token, wall_now())) is not None:
            acting(request, Actor(session.staff.staff_id))
        by_provider = await oidc_store.is_by_provider(conn, token_hash(token))
        await close_session(conn, token)
    return by_provider and services_of(request).provider is not None


def remember(request: Request, answer: Response, token: str) -> Response:
    web = services_of(request).config.web
    longer_s = int(web.session_hours * 3600) + _REMEMBERED_S
    answer.set_cookie(COOKIE, token, max_age=longer_s, httponly=True, samesite="lax", secure=web.secure_cookies)
    answer.delete_cookie(HALF_COOKIE, path=_HALF_PATH, httponly=True, samesite="strict", secure=web.secure_cookies)
    return answer


def remember_half(request: Request, answer: Response, token: str) -> Response:
    web = services_of(request).config.web
    longest_s = int(second_store.HALF_LASTS.total_seconds())
    answer.set_cookie(
        HALF_COOKIE,
        token,
        max_age=longest_s,
        path=_HALF_PATH,
        httponly=True,
        samesite="strict",
        secure=web.secure_cookies,
    )
    return answer


def forget(request: Request, answer: Response) -> Response:
    secure = services_of(request).config.web.secure_cookies
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=secure)
    return answer


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def begin_try(request: Request, conn: AsyncConnection, *keys: Key) -> list[int]:
    """Committed at once: what follows may fail."""
    address = address_of(request)
    await conn.commit()
    try:
        return await tries_store.begin(conn, [*keys, address_key(address)])
    except TooManyTries:
        log.warning("login_slowed_down", address=address)
        raise
