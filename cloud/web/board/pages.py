"""The board as a page, and its parts for patching it in place."""

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.errors import NotFound
from cloud.web import labels
from cloud.web.board.looking import tallies
from cloud.web.board.looking.rows import HOWS, Choice, Of, rows
from cloud.web.board.model import BoardAlert, SilentHome
from cloud.web.board.timeline import time_line
from cloud.web.board.view import board
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import language_of, page, see_other
from cloud.web.services import services_of
from cloud.web.shared.answers import renews
from cloud.web.words import Sayer

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


@dataclass(frozen=True)
class Asked:
    """Which rows, as the address says."""

    of: Of = Of.CALLS
    how: Annotated[str, Query(max_length=20)] = ""
    region: int | None = None
    nurse: int | None = None


@router.get("/board/rows")
async def board_rows(
    request: Request, viewer: Annotated[Viewer, Depends(signed_in)], asked: Annotated[Asked, Depends()]
) -> Response:
    """The rows behind one number of the board. Raises NotFound where nothing is told apart so."""
    choice = Choice(asked.of, asked.how, asked.region, asked.nurse)
    if choice.how and choice.how not in HOWS[choice.of]:
        raise NotFound(f"{choice.of.value} are not told apart by {choice.how}.")
    services, language = services_of(request), language_of(request)
    shown = await board(services, viewer, language)
    found = rows(shown, choice)
    others = [replace(choice, how=how) for how in HOWS[choice.of]]
    whole = replace(choice, how="")
    context = {
        "board": shown,
        "choice": choice,
        "rows": found,
        "hows": [(other, len(rows(shown, other))) for other in others],
        "whole": (whole, len(rows(shown, whole))),
        "place": next((one.name for one in shown.communities if one.region_id == choice.region), ""),
        "nurse": next((one.name for one in shown.on_duty if one.staff_id == choice.nurse), ""),
        "whys": _whys(found, Sayer(language, services.measures, ZoneInfo("UTC"), services.now)),
        "load": tallies.load(shown),
    }
    return page(request, "board_rows.html", context, viewer=viewer)


def _whys(found: list[Any], sayer: Sayer) -> dict[int, str]:
    """In one sentence why each alert was raised, by its id."""
    return {
        row.alert_id: replace(sayer, zone=ZoneInfo(row.time_zone)).first(row.reasons)
        for row in found
        if isinstance(row, BoardAlert)
    }


def _by_street(silent: list[SilentHome]) -> list[tuple[str, list[SilentHome]]]:
    return [(street, list(homes)) for street, homes in groupby(silent, key=lambda home: home.street)]


async def _context(request: Request, viewer: Viewer) -> dict[str, Any]:
    services, language = services_of(request), language_of(request)
    shown = await board(services, viewer, language, renewed=renews(request))
    zone = ZoneInfo(shown.visits[0].time_zone if shown.visits else "Asia/Shanghai")
    return {
        "board": shown,
        "line": time_line(shown.visits, shown.now, zone, alarms=shown.alarms, alerts=shown.alerts),
        "tallies": tallies.tallies(shown, language),
        "places": tallies.places(shown),
        "place_columns": tallies.COLUMNS,
        "load": tallies.load(shown),
        "news": tallies.news(shown, language),
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
