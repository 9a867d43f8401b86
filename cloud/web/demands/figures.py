"""Wishes by kind, month and community, with what to expect. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.registry.demands.counting.forecast import Forecast, forecast
from cloud.registry.demands.counting.store import Counted
from cloud.web.demands.kinds import Kinds


@dataclass(frozen=True)
class FigureRow:
    kind: str | None
    """None: nobody said it."""
    name: str
    counts: list[int]
    """Of each month in its order, the running one last."""
    next_month: Forecast | None
    """Of the running month, from the whole ones before it; None: too little is known."""
    all: bool = False


@dataclass(frozen=True)
class CommunityFigures:
    region_id: int | None
    """None: all communities together."""
    community: str
    rows: list[FigureRow]
    """The most wished for first; the sum of all last."""


def months_up_to(last: date, count: int) -> list[date]:
    """First days of `count` months, that of `last` at the end."""
    found = [last.replace(day=1)]
    while len(found) < count:
        year, month = (found[0].year, found[0].month - 1) if found[0].month > 1 else (found[0].year - 1, 12)
        found.insert(0, date(year, month, 1))
    return found


def figures(
    counted: Sequence[Counted], months: Sequence[date], kinds: Kinds, everywhere: str
) -> list[CommunityFigures]:
    """One table for all communities together, then one for each, where there is more than one.

    `months` ends with the running one. Those up to the month of the first wish say nothing of what is usual.
    """
    first = min((one.month for one in counted), default=None)
    whole = [month for month in months[:-1] if first is not None and month > first]
    places = sorted({(one.community, one.region_id) for one in counted})
    tables = [_table(None, everywhere, counted, months, whole, kinds)] if counted else []
    if len(places) > 1:
        tables += [
            _table(region_id, name, [one for one in counted if one.region_id == region_id], months, whole, kinds)
            for name, region_id in places
        ]
    return tables


def _table(  # noqa: PLR0917 - which place, and what is known of it
    region_id: int | None,
    community: str,
    counted: Iterable[Counted],
    months: Sequence[date],
    whole: Sequence[date],
    kinds: Kinds,
) -> CommunityFigures:
    of: dict[str | None, dict[date, int]] = {}
    total: dict[date, int] = {}
    for one in counted:
        mine = of.setdefault(one.kind, {})
        mine[one.month] = mine.get(one.month, 0) + one.count
        total[one.month] = total.get(one.month, 0) + one.count
    rows = [
        FigureRow(kind, kinds.name(kind), _counts(mine, months), forecast(_counts(mine, whole)))
        for kind, mine in of.items()
    ]
    rows.sort(key=lambda row: (-sum(row.counts), row.name))
    rows.append(FigureRow(None, "", _counts(total, months), forecast(_counts(total, whole)), all=True))
    return CommunityFigures(region_id, community, rows)


def _counts(of: dict[date, int], months: Sequence[date]) -> list[int]:
    return [of.get(month, 0) for month in months]
