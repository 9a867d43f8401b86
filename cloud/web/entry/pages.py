"""Login and logout as pages."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.web.entry.current import COOKIE, viewer_of
from cloud.web.entry.signing_in import forget, remember, sign_in, sign_out
from cloud.web.render import page, see_other

router = APIRouter(include_in_schema=False)
_OWN_PATH = re.compile(r"/(?![/\\])[\w/\-]{0,200}")


@router.get("/login")
async def login_page(request: Request, next: str = "") -> Response:
    viewer = await viewer_of(request)
    if viewer is not None:
        return see_other(viewer.home_page)
    ended = COOKIE in request.cookies
    return page(request, "login.html", {"next": own_path(next), "refused": False, "ended": ended, "login": ""})


@router.post("/login")
async def login(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    token = await sign_in(request, login, password)
    if token is None:
        context = {"next": own_path(next), "refused": True, "ended": False, "login": login}
        return page(request, "login.html", context, status_code=401)
    return remember(request, see_other(own_path(next) or "/"), token)


@router.post("/logout")
async def logout(request: Request) -> Response:
    await sign_out(request)
    return forget(request, see_other("/login"))


def own_path(path: str) -> str:
    """`path` where it lies on this site, else nothing: a login must not lead elsewhere."""
    return path if _OWN_PATH.fullmatch(path) else ""
