"""The account page: the app, the passkeys, and signing out everywhere. Nobody reaches another's account here."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import segno
import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from cloud.errors import NotAllowed
from cloud.identity.second import store, totp
from cloud.identity.second.passkeys import CENTRE
from cloud.identity.store import close_sessions_of, sessions_of, strengthen_session
from cloud.identity.tries import store as tries_store
from cloud.identity.tries.model import second_factor_key
from cloud.visits.media import store as media_store
from cloud.web.entry.current import COOKIE, signed_in_anyhow, wall_now
from cloud.web.entry.model import Viewer
from cloud.web.entry.signing_in import code_is_right, forget, place_here, sealed_for
from cloud.web.language import N_
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(prefix="/account", include_in_schema=False)
log = structlog.get_logger()

FRESH = timedelta(minutes=15)
"""How one signs in is changed only so long after having signed in: a page left open is not enough."""


def fresh(viewer: Viewer) -> bool:
    return wall_now() - viewer.began_at <= FRESH


async def freshly_signed_in(viewer: Annotated[Viewer, Depends(signed_in_anyhow)]) -> Viewer:
    """Raises NotAllowed."""
    if not fresh(viewer):
        raise NotAllowed(N_("Sign out and in again, then change how you sign in."))
    return viewer


@router.get("")
async def account_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in_anyhow)]) -> Response:
    return await _page(request, viewer)


@router.post("/app")
async def begin_app(request: Request, viewer: Annotated[Viewer, Depends(freshly_signed_in)]) -> Response:
    """Draws a secret for an app; a code of it confirms it."""
    staff_id, services = viewer.staff.staff_id, services_of(request)
    sealed = services.seal.close(totp.new_secret().encode(), sealed_for(staff_id))
    async with services.pool.connection() as conn:
        await store.keep_app(conn, staff_id, sealed)
    return see_other("/account#app")


@router.post("/app/code")
async def confirm_app(
    request: Request,
    viewer: Annotated[Viewer, Depends(freshly_signed_in)],
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """A code of the app that was just set up: from now on one is asked for at each sign-in."""
    staff_id, token = viewer.staff.staff_id, request.cookies.get(COOKIE, "")
    async with services_of(request).pool.connection() as conn:
        numbers = await tries_store.begin(conn, [second_factor_key(staff_id)])
        right = await code_is_right(request, conn, staff_id, code)
        if right:
            await tries_store.succeeded(conn, numbers)
            await strengthen_session(conn, token)
    if not right:
        return await _page(request, viewer, refused=True)
    log.info("second_factor_added", staff_id=staff_id, kind="app")
    return see_other("/account#app")


@router.post("/app/remove")
async def remove_app(request: Request, viewer: Annotated[Viewer, Depends(freshly_signed_in)]) -> Response:
    async with services_of(request).pool.connection() as conn:
        await store.remove_app(conn, viewer.staff.staff_id)
    log.info("second_factor_removed", staff_id=viewer.staff.staff_id, kind="app")
    return see_other("/account#app")


@router.post("/passkeys/remove")
async def remove_passkey(
    request: Request,
    viewer: Annotated[Viewer, Depends(freshly_signed_in)],
    credential: Annotated[str, Form(max_length=3000, pattern="^([0-9a-f]{2})*$")] = "",
) -> Response:
    async with services_of(request).pool.connection() as conn:
        await store.remove_passkey(conn, viewer.staff.staff_id, bytes.fromhex(credential))
    log.info("second_factor_removed", staff_id=viewer.staff.staff_id, kind="passkey")
    return see_other("/account#passkeys")


@router.post("/sign-out-everywhere")
async def sign_out_everywhere(request: Request, viewer: Annotated[Viewer, Depends(signed_in_anyhow)]) -> Response:
    """On all machines, this one too."""
    services = services_of(request)
    services.memory.forget_staff(viewer.staff.staff_id)
    async with services.pool.connection() as conn:
        await close_sessions_of(conn, viewer.staff.staff_id)
    log.info("signed_out_everywhere", staff_id=viewer.staff.staff_id)
    return forget(request, see_other("/login"))


async def _page(request: Request, viewer: Viewer, *, refused: bool = False) -> Response:
    services, staff_id = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        app = await store.app_of(conn, staff_id)
        keys = await store.passkeys_of(conn, staff_id)
        sessions = await sessions_of(conn, staff_id, wall_now())
        has_photo = bool(await media_store.seen_of_staff(conn, [staff_id]))
    context: dict[str, Any] = {
        "app": app,
        "secret": None,
        "qr": None,
        "keys": keys,
        "sessions": sessions,
        "has_photo": has_photo,
        "fresh": fresh(viewer),
        "refused": refused,
        "passkeys_here": place_here(request) is not None,
        "needed": viewer.staff.role in services.config.web.second_factor_for and not viewer.second_factor,
    }
    if app is not None and not app.confirmed and fresh(viewer):
        secret = services.seal.open(app.secret, sealed_for(staff_id)).decode()
        address = totp.app_address(secret, viewer.staff.login, CENTRE)
        drawn = await asyncio.to_thread(lambda: segno.make(address).svg_data_uri(scale=4, light="white"))
        context |= {"secret": secret, "qr": drawn}
    return page(request, "account.html", context, viewer=viewer, status_code=422 if refused else 200)
