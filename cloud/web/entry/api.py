"""Sessions for programs."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from cloud.web.entry.signing_in import forget, remember, sign_in, sign_out
from cloud.web.errors import NotSignedIn

router = APIRouter(prefix="/api/v1/session", tags=["session"])


class Credentials(BaseModel):
    login: str = Field(max_length=200)
    password: str = Field(max_length=1000)


@router.post("")
async def open_session(request: Request, credentials: Credentials) -> Response:
    """Sets the session's cookie; 401 where login and password do not belong together."""
    token = await sign_in(request, credentials.login, credentials.password)
    if token is None:
        raise NotSignedIn
    return remember(request, JSONResponse({"signed_in": True}), token)


@router.delete("")
async def close_session(request: Request) -> Response:
    await sign_out(request)
    return forget(request, JSONResponse({"signed_in": False}))
