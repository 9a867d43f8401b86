"""What a page, a table or a program asks of a region's figures, and the answer."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BeforeValidator

from cloud.db.pool import AsyncConnection
from cloud.web.entry.model import Viewer
from cloud.web.quality.model import Span, span_of
from cloud.web.quality.store import zone_of
from cloud.web.regions import store
from cloud.web.regions.model import Figures
from cloud.web.regions.tree import Tree
from cloud.web.services import services_of

_ZONE = "Asia/Shanghai"
"""Where nobody lives yet."""
_UNLESS_EMPTY = BeforeValidator(lambda text: text or None)


@dataclass(frozen=True)
class Asked:
    """Which days and which region, as the address says."""

    first: Annotated[date | None, _UNLESS_EMPTY, Query(alias="from")] = None
    last: Annotated[date | None, _UNLESS_EMPTY, Query(alias="to")] = None
    days: Annotated[int, Query(ge=1, le=366)] = 30
    region: Annotated[int | None, _UNLESS_EMPTY, Query()] = None


@dataclass(frozen=True)
class Answer:
    span: Span
    figures: Figures


async def read(request: Request, viewer: Viewer, asked: Asked) -> Answer:
    """Of the viewer's own region where none is asked for. Raises NotFound for one that is not among theirs."""
    services = services_of(request)
    now = services.now

    async def look(conn: AsyncConnection) -> Answer:
        zone = ZoneInfo(await zone_of(conn, viewer.regions) or _ZONE)
        span = span_of(asked.first, asked.last, asked.days, now.astimezone(zone).date(), zone)
        counted = await store.counts(conn, span.begin, span.end, now)
        tree = Tree(await store.places(conn, viewer.regions), counted)
        return Answer(span, tree.figures(viewer.staff.region_id if asked.region is None else asked.region))

    return await services.replica.read(look)
