"""The rows behind a number of the board: the number is how many there are, so the two cannot differ. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from cloud.web.board.model import Board, News
from cloud.web.standing import Standing, standing


class Of(StrEnum):
    CALLS = "calls"
    ALERTS = "alerts"
    VISITS = "visits"
    SILENT = "silent"
    DUTY = "duty"
    NEWS = "news"


HOWS: dict[Of, tuple[str, ...]] = {
    Of.CALLS: ("at_centre", "taken", "on_the_way"),
    Of.ALERTS: ("now", "today", "this_week"),
    Of.VISITS: (*(how.value for how in Standing), "free"),
    Of.SILENT: (),
    Of.DUTY: ("nurse", "desk"),
    Of.NEWS: tuple(what.value for what in News),
}
"""Into what the rows of each kind are told apart. `free` are visits that nobody has yet."""


@dataclass(frozen=True)
class Choice:
    """Some of the board's rows: of one kind, and where they are said, told apart by how, region and nurse."""

    of: Of
    how: str = ""
    region: int | None = None
    nurse: int | None = None

    @property
    def address(self) -> str:
        asked = {"of": self.of.value, "how": self.how, "region": self.region, "nurse": self.nurse}
        return "/board/rows?" + urlencode({name: value for name, value in asked.items() if value not in ("", None)})


def rows(board: Board, choice: Choice) -> list[Any]:
    """The rows of `board` that `choice` names, in the board's order."""
    all_of: dict[Of, Sequence[Any]] = {
        Of.CALLS: board.alarms,
        Of.ALERTS: board.alerts,
        Of.VISITS: board.visits,
        Of.SILENT: board.silent,
        Of.DUTY: board.on_duty,
        Of.NEWS: board.news,
    }
    fits = _HOW[choice.of](choice.how, board.now)
    return [
        row
        for row in all_of[choice.of]
        if (not choice.how or fits(row))
        and (choice.region is None or row.region_id == choice.region)
        and (choice.nurse is None or getattr(row, "nurse_id", None) == choice.nurse)
    ]


def _visit_is(how: str, now: datetime) -> Callable[[Any], bool]:
    return lambda row: row.nurse_id is None if how == "free" else standing(row, now).value == how


_HOW: dict[Of, Callable[[str, datetime], Callable[[Any], bool]]] = {
    Of.CALLS: lambda how, _: lambda row: bool(row.state == how),
    Of.ALERTS: lambda how, _: lambda row: bool(row.priority == how),
    Of.VISITS: _visit_is,
    Of.SILENT: lambda _how, _: lambda _row: True,
    Of.DUTY: lambda how, _: lambda row: bool(row.role == how),
    Of.NEWS: lambda how, _: lambda row: bool(row.what == how),
}
