"""The board as a page, and its parts for patching it in place."""

from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.web import labels
from cloud.web.board.model import SilentHome
from cloud.web.board.timeline import time_line
from cloud.web.board.view import board
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import language_of, page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
MINUTES = (5, 8, 10, 15, 20, 30)
"""What the desk can promise with one key."""


@router.get("/")
async def start(viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    return see_other(viewer.home_page)


@router.get("/board")
async def board_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    return page(request, "board.html", await _context(request, viewer), viewer=viewer)


@router.get("/board/parts")
async def board_parts(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """The parts of the page that change, each keyed; the script puts in what differs."""
    return page(request, "board_parts.html", await _context(request, viewer), viewer=viewer)


def _by_street(silent: list[SilentHome]) -> list[tuple[str, list[SilentHome]]]:
    return [(street, list(homes)) for street, homes in groupby(silent, key=lambda home: home.street)]


async def _context(request: Request, viewer: Viewer) -> dict[str, Any]:
    services, language = services_of(request), language_of(request)
    shown = await board(services, viewer, language)
    zone = ZoneInfo(shown.visits[0].time_zone if shown.visits else "Asia/Shanghai")
    return {
        "board": shown,
        "line": time_line(shown.visits, shown.now, zone),
        "centre_silent": any(home.scope == "centre" for home in shown.silent),
        "streets": [
            (
                street,
                [home for home in homes if home.in_large_event],
                [home for home in homes if not home.in_large_event],
            )
            for street, homes in _by_street(shown.silent)
        ],
        "strangers": services.hearing.strangers.calls() if viewer.may_act_on_alarms else [],
        "minutes": MINUTES,
        "kind_names": {kind: labels.label(language, labels.ALARM_KINDS, kind) for kind in labels.ALARM_KINDS},
    }
