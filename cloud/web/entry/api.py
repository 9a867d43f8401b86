"""Sessions for programs, and for the script of the login page that asks for a passkey."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from cloud.identity.second import passkeys, store
from cloud.web.entry.current import wall_now
from cloud.web.entry.signing_in import Half, forget, here, remember, show_code, show_passkey, sign_in, sign_out
from cloud.web.errors import CodeNeeded, NotSignedIn
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1/session", tags=["session"])
CHALLENGE_BYTES = 32


class Credentials(BaseModel):
    login: str = Field(max_length=200)
    password: str = Field(max_length=1000)
    code: Annotated[str, Field(max_length=20)] = ""
    """Of the person's app, where they have one."""


@router.post("")
async def open_session(request: Request, credentials: Credentials) -> Response:
    """Sets the session's cookie; 401 where login, password and code do not belong together."""
    found = await sign_in(request, credentials.login, credentials.password)
    if isinstance(found, Half):
        if not credentials.code:
            raise CodeNeeded
        found = await show_code(request, found.token, credentials.code)
    if found is None:
        raise NotSignedIn
    return remember(request, JSONResponse({"signed_in": True}), found.token)


@router.delete("")
async def close_session(request: Request) -> Response:
    await sign_out(request)
    return forget(request, JSONResponse({"signed_in": False}))


@router.post("/passkey/challenge")
async def ask_for_passkey(request: Request) -> Response:
    """Options for `navigator.credentials.get`; 401 where this centre's address allows no passkeys."""
    place, challenge = here(request), secrets.token_bytes(CHALLENGE_BYTES)
    async with services_of(request).pool.connection() as conn:
        await store.ask(conn, challenge, None, wall_now())
    return Response(passkeys.ask_for_known(place, challenge), media_type="application/json")


@router.post("/passkey")
async def open_by_passkey(request: Request, answer: dict[str, Any]) -> Response:
    """What `navigator.credentials.get` answered; sets the session's cookie."""
    found = await show_passkey(request, answer)
    return remember(request, JSONResponse({"signed_in": True}), found.token)
