"""Adding a passkey: the page's script asks, the browser makes the key, the script brings it back."""

import secrets
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from cloud.errors import Conflict
from cloud.identity.second import passkeys, store
from cloud.identity.second.model import Passkey
from cloud.identity.second.passkeys import PasskeyRefused
from cloud.identity.store import strengthen_session
from cloud.web.account.pages import freshly_signed_in
from cloud.web.answers import Line
from cloud.web.entry.api import CHALLENGE_BYTES
from cloud.web.entry.current import COOKIE, wall_now
from cloud.web.entry.model import Viewer
from cloud.web.entry.signing_in import here
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1/account", tags=["account"])
log = structlog.get_logger()


class MadeKey(BaseModel):
    name: Annotated[Line, Field(max_length=60)] = ""
    """What the person calls it."""
    answer: dict[str, Any]
    """Of `navigator.credentials.create`."""


@router.post("/passkeys/challenge")
async def ask_for_new(request: Request, viewer: Annotated[Viewer, Depends(freshly_signed_in)]) -> Response:
    """Options for `navigator.credentials.create`."""
    place, challenge = here(request), secrets.token_bytes(CHALLENGE_BYTES)
    async with services_of(request).pool.connection() as conn:
        await store.ask(conn, challenge, viewer.staff.staff_id, wall_now())
        known = await store.passkeys_of(conn, viewer.staff.staff_id)
    return Response(passkeys.ask_for_new(place, challenge, viewer.staff, known), media_type="application/json")


@router.post("/passkeys")
async def add(request: Request, made: MadeKey, viewer: Annotated[Viewer, Depends(freshly_signed_in)]) -> Response:
    """The key that the browser made; from now on it opens a session without a password."""
    place, staff_id, now = here(request), viewer.staff.staff_id, wall_now()
    challenge = passkeys.challenge_in(made.answer)
    async with services_of(request).pool.connection() as conn:
        if not await store.take_challenge(conn, challenge, staff_id, now):
            raise PasskeyRefused("this took too long, or was answered before; try again")
        new = passkeys.check_new(place, challenge, made.answer)
        name = made.name or f"{now:%Y-%m-%d}"
        key = Passkey(new.credential_id, staff_id, new.public_key, new.sign_count, name, now, None)
        if not await store.add_passkey(conn, key):
            raise Conflict("This passkey is somebody's already.")
        await strengthen_session(conn, request.cookies.get(COOKIE, ""))
    log.info("second_factor_added", staff_id=staff_id, kind="passkey")
    return JSONResponse({"added": True})
