"""Opening a session, slowed down for guessers, and its cookie."""

from datetime import timedelta

import structlog
from fastapi import Request
from fastapi.responses import Response

from cloud.identity.store import authenticate, close_session, open_session, token_hash
from cloud.web.entry.current import COOKIE, wall_now
from cloud.web.errors import TooManyTries
from cloud.web.services import services_of

log = structlog.get_logger()

_REMEMBERED_S = 86400
"""The cookie outlives its session, which the database ends, so that the login page can say that it has ended."""


async def sign_in(request: Request, login: str, password: str) -> str | None:
    """A new session's token, or None where login and password do not belong together. Raises TooManyTries."""
    services = services_of(request)
    address = request.client.host if request.client else ""
    keys = (("login", login), ("address", address))
    if (wait_s := services.limiter.wait_s(*keys)) > 0:
        log.warning("login_slowed_down", address=address)
        raise TooManyTries(wait_s)
    async with services.pool.connection() as conn:
        staff = await authenticate(conn, login, password)
        if staff is None:
            services.limiter.failed(*keys)
            log.info("login_refused", address=address)
            return None
        services.limiter.succeeded(("login", login))
        lasts = timedelta(hours=services.config.web.session_hours)
        token = await open_session(conn, staff.staff_id, wall_now(), lasts)
    log.info("login", staff_id=staff.staff_id)
    return token


async def sign_out(request: Request) -> None:
    token = request.cookies.get(COOKIE)
    if token:
        services_of(request).memory.forget_viewer(token_hash(token))
        async with services_of(request).pool.connection() as conn:
            await close_session(conn, token)


def remember(request: Request, answer: Response, token: str) -> Response:
    web = services_of(request).config.web
    longer_s = int(web.session_hours * 3600) + _REMEMBERED_S
    answer.set_cookie(COOKIE, token, max_age=longer_s, httponly=True, samesite="lax", secure=web.secure_cookies)
    return answer


def forget(request: Request, answer: Response) -> Response:
    secure = services_of(request).config.web.secure_cookies
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=secure)
    return answer
