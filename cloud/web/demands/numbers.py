"""The figures of demands, read for one viewer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud.db.pool import AsyncConnection
from cloud.registry.demands.counting import store as counting
from cloud.web.demands.figures import CommunityFigures, figures, months_up_to
from cloud.web.demands.kinds import Kinds
from cloud.web.language import Language

KNOWN_MONTHS = 28
"""From so many the forecast is made and judged."""
SHOWN_MONTHS = 12
_ZONE = ZoneInfo("Asia/Shanghai")
_A_DAY = timedelta(days=1)
"""Months are those of the homes, wherever they are."""


@dataclass(frozen=True)
class Figures:
    months: list[date]
    """First days; the last is the running one."""
    communities: list[CommunityFigures]


async def read_figures(
    conn: AsyncConnection, regions: frozenset[int], now: datetime, kinds: Kinds, language: Language
) -> Figures:
    months = months_up_to(now.astimezone(_ZONE).date(), KNOWN_MONTHS)
    begin = datetime.combine(months[0], time(), UTC) - _A_DAY
    counted = [one for one in await counting.by_month(conn, regions, begin, now) if one.month >= months[0]]
    found = figures(counted, months, kinds, language.gettext("All communities"))
    shown = [
        CommunityFigures(
            table.region_id,
            table.community,
            [type(row)(row.kind, row.name, row.counts[-SHOWN_MONTHS:], row.next_month, row.all) for row in table.rows],
        )
        for table in found
    ]
    return Figures(months[-SHOWN_MONTHS:], shown)
