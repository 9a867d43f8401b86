"""Login, the code after it, and logout as pages."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.web.entry.current import COOKIE, viewer_of
from cloud.web.entry.own_path import own_path
from cloud.web.entry.signing_in import (
    HALF_COOKIE,
    Half,
    forget,
    place_here,
    remember,
    remember_half,
    show_code,
    sign_in,
    sign_out,
)
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def login_page(request: Request, next: str = "") -> Response:
    viewer = await viewer_of(request)
    if viewer is not None:
        return see_other(viewer.home_page)
    return _login_page(request, next, ended=COOKIE in request.cookies)


@router.post("/login")
async def login(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    found = await sign_in(request, login, password)
    if found is None:
        return _login_page(request, next, refused=True, login=login)
    if isinstance(found, Half):
        return remember_half(request, see_other(f"/login/code?next={quote(own_path(next))}"), found.token)
    return remember(request, see_other(own_path(next) or "/"), found.token)


@router.get("/login/code")
async def code_page(request: Request, next: str = "") -> Response:
    if HALF_COOKIE not in request.cookies:
        return see_other(f"/login?next={quote(own_path(next))}")
    return _code_page(request, next)


@router.post("/login/code")
async def code(
    request: Request,
    code: Annotated[str, Form(max_length=20)] = "",
    next: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    found = await show_code(request, request.cookies.get(HALF_COOKIE, ""), code)
    if found is None:
        return _code_page(request, next, refused=True)
    return remember(request, see_other(own_path(next) or "/"), found.token)


@router.post("/logout")
async def logout(request: Request) -> Response:
    by_provider = await sign_out(request)
    return forget(request, see_other("/login/oidc/out" if by_provider else "/login"))


def _login_page(
    request: Request, next: str, *, refused: bool = False, ended: bool = False, login: str = ""
) -> Response:
    context = {
        "next": own_path(next),
        "refused": refused,
        "ended": ended,
        "login": login,
        "passkeys": place_here(request) is not None,
        "provider": provider.name if (provider := services_of(request).provider) is not None else "",
    }
    return page(request, "login.html", context, status_code=401 if refused else 200)


def _code_page(request: Request, next: str, *, refused: bool = False) -> Response:
    context = {"next": own_path(next), "refused": refused, "passkeys": place_here(request) is not None}
    return page(request, "login_code.html", context, status_code=401 if refused else 200)
