"""The page that asks for the code beside a link: of an elder's own, and of one of their family's."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.web.entry.links import Door, leave, remember, show_code, way_behind
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Form(max_length=40)]


@router.get("/e/{token}/code")
async def elders_code_page(request: Request, token: str) -> Response:
    return await _ask(request, "e", token)


@router.post("/e/{token}/code")
async def elders_code(request: Request, token: str, code: Code = "") -> Response:
    return await _open(request, "e", token, code)


@router.get("/f/{token}/code")
async def familys_code_page(request: Request, token: str) -> Response:
    return await _ask(request, "f", token)


@router.post("/f/{token}/code")
async def familys_code(request: Request, token: str, code: Code = "") -> Response:
    return await _open(request, "f", token, code)


@router.post("/f/{token}/leave")
async def familys_leave(request: Request, token: str) -> Response:
    return await leave(request, see_other(f"/f/{token}/code"), "f", token)


async def _ask(request: Request, door: Door, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        await way_behind(conn, door, token)
    return _page(request, door, token)


async def _open(request: Request, door: Door, token: str, code: str) -> Response:
    shown = await show_code(request, door, token, code)
    if shown is None:
        return _page(request, door, token, refused=True)
    return remember(request, see_other(f"/{door}/{token}"), door, token, shown)


def _page(request: Request, door: Door, token: str, *, refused: bool = False) -> Response:
    context = {"action": f"/{door}/{token}/code", "refused": refused}
    return page(request, "link_code.html", context, status_code=401 if refused else 200)
