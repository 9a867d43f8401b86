"""The board's numbers, each with its words and the address of its rows. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cloud.web.board.looking.rows import Choice, Of, rows
from cloud.web.board.model import Board, News
from cloud.web.language import N_, Language
from cloud.web.standing import Standing

Tone = Literal["", "call", "noticed"]
"""Colour goes with words; a number of nothing has none."""


@dataclass(frozen=True)
class Tally:
    n: int
    words: str
    address: str
    tone: Tone = ""


@dataclass(frozen=True)
class Place:
    """One community's line of the list that stands for a map."""

    name: str
    tallies: tuple[Tally, ...]


NEWS_WORDS: Mapping[News, Callable[[Language, int], str]] = {
    News.CALL: lambda language, n: language.ngettext("call", "calls", n),
    News.CALL_CLOSED: lambda language, n: language.ngettext("call closed", "calls closed", n),
    News.NOTICED: lambda language, n: language.ngettext("thing noticed", "things noticed", n),
    News.WISHED: lambda language, n: language.ngettext("wish", "wishes", n),
    News.BROKEN: lambda language, n: language.ngettext("promise broken", "promises broken", n),
    News.REPORTED: lambda language, n: language.ngettext("report", "reports", n),
    News.ASSESSED: lambda language, n: language.ngettext("assessment", "assessments", n),
}
COLUMNS = (N_("Calls"), N_("Noticed"), N_("Promised"), N_("Late"), N_("At risk"), N_("Silent"))
"""Of the communities' list."""


def tallies(board: Board, language: Language) -> list[Tally]:
    """How much there is of everything."""

    def tally(choice: Choice, words: Callable[[int], str], tone: Tone = "") -> Tally:
        n = len(rows(board, choice))
        return Tally(n, words(n), choice.address, tone if n else "")

    found = [
        tally(Choice(Of.CALLS), lambda n: language.ngettext("call open", "calls open", n)),
        tally(Choice(Of.CALLS, "at_centre"), lambda _: language.gettext("nobody has yet"), "call"),
    ]
    if not board.remembered:
        found += [
            tally(Choice(Of.ALERTS), lambda _: language.gettext("noticed")),
            tally(Choice(Of.ALERTS, "now"), lambda _: language.gettext("of them urgent"), "noticed"),
            tally(Choice(Of.VISITS), lambda n: language.ngettext("visit promised", "visits promised", n)),
            tally(Choice(Of.VISITS, Standing.LATE), lambda _: language.gettext("late"), "noticed"),
            tally(Choice(Of.VISITS, Standing.RISK), lambda _: language.gettext("at risk"), "noticed"),
            tally(Choice(Of.VISITS, "free"), lambda _: language.gettext("without a nurse")),
            tally(Choice(Of.SILENT), lambda n: language.ngettext("home silent", "homes silent", n)),
        ]
    return found


def places(board: Board) -> list[Place]:
    """Communities in which something stands, those with more to do first; empty where there is only one."""
    if len(board.communities) < 2:
        return []
    found = []
    for community in board.communities:
        choices: tuple[tuple[Choice, Tone], ...] = (
            (Choice(Of.CALLS, region=community.region_id), "call"),
            (Choice(Of.ALERTS, region=community.region_id), ""),
            (Choice(Of.VISITS, region=community.region_id), ""),
            (Choice(Of.VISITS, Standing.LATE, community.region_id), "noticed"),
            (Choice(Of.VISITS, Standing.RISK, community.region_id), "noticed"),
            (Choice(Of.SILENT, region=community.region_id), ""),
        )
        counted = tuple((choice, tone, len(rows(board, choice))) for choice, tone in choices)
        found.append(
            Place(community.name, tuple(Tally(n, "", choice.address, tone if n else "") for choice, tone, n in counted))
        )
    return sorted(found, key=_weight, reverse=True)


def load(board: Board) -> dict[int, Tally]:
    """How many of the visits shown each one on duty has, by staff_id."""
    return {
        one.staff_id: Tally(len(rows(board, choice)), "", choice.address)
        for one in board.on_duty
        for choice in (Choice(Of.VISITS, nurse=one.staff_id),)
    }


def news(board: Board, language: Language) -> list[Tally]:
    """What changed since the viewer last looked, by kind; only what there is."""
    found = []
    for what, words in NEWS_WORDS.items():
        choice = Choice(Of.NEWS, what)
        n = len(rows(board, choice))
        if n:
            tone: Tone = "noticed" if what is News.BROKEN else ""
            found.append(Tally(n, words(language, n), choice.address, tone))
    return found


def _weight(place: Place) -> tuple[int, ...]:
    calls, alerts, promised, late, risk, silent = (tally.n for tally in place.tallies)
    return calls, late, risk, promised, alerts, silent
