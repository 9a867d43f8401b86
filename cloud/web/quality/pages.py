"""The quality page, and its tables for other programs."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.board.looking.store import communities
from cloud.web.board.model import Community
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.entry.store import regions_below
from cloud.web.language import Language
from cloud.web.moments import span as span_words
from cloud.web.quality import store
from cloud.web.quality.export import to_csv
from cloud.web.quality.model import Counted, Span, span_of
from cloud.web.quality.small import LEAST
from cloud.web.quality.view import Row, Table, Unit, tables
from cloud.web.render import language_of, page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
RANGES = (7, 30, 90, 365)
_ZONE = "Asia/Shanghai"
"""Where nobody lives yet."""


_UNLESS_EMPTY = BeforeValidator(lambda text: text or None)  # a form sends what nobody filled in, too


@dataclass(frozen=True)
class Asked:
    """Which days and which regions, as the address says."""

    first: Annotated[date | None, _UNLESS_EMPTY, Query(alias="from")] = None
    last: Annotated[date | None, _UNLESS_EMPTY, Query(alias="to")] = None
    days: Annotated[int, Query(ge=1, le=366)] = 30
    region: Annotated[int | None, _UNLESS_EMPTY, Query()] = None


@dataclass(frozen=True)
class Quality:
    span: Span
    community: str
    region: int | None
    """The one asked for; None: all that the viewer sees."""
    regions: list[Community]
    """Those that may be asked for."""
    counted: Counted


@router.get("/quality")
async def quality_page(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """All that is chosen is in the address, so that a view can be sent."""
    found, language = await _read(request, viewer, asked), language_of(request)
    shown = tables(found.counted, language)
    context: dict[str, Any] = {
        "quality": found,
        "tables": shown,
        "headline": _headline(shown, language),
        "bar": _bar(shown),
        "ranges": RANGES,
        "query": _query(found.span, found.region),
        "least": LEAST,
        "cell": lambda value, unit: said(language, value, unit),
    }
    return page(request, "quality.html", context, viewer=viewer, zone=found.span.zone)


@router.get("/quality.csv")
async def quality_table(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],
    asked: Annotated[Asked, Depends()],
) -> Response:
    """What the page shows, for other programs."""
    found = await _read(request, viewer, asked)
    name = f"quality-{found.span.first}-{found.span.last}.csv"
    return Response(
        to_csv(tables(found.counted, language_of(request)), found.span, found.community),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def said(language: Language, value: float | None, unit: Unit) -> str:
    """A figure as people read it."""
    if value is None:
        return "–"
    match unit:
        case Unit.COUNT:
            return f"{value:.0f}"
        case Unit.SHARE:
            return f"{value * 100:.0f} %"
        case Unit.MARK:
            return f"{value:.1f}"
        case _:
            if value < 60:
                return language.ngettext("%(n)s s", "%(n)s s", round(value))
            return span_words(language, timedelta(seconds=value))


async def _read(request: Request, viewer: Viewer, asked: Asked) -> Quality:
    services = services_of(request)
    now = services.now

    async def read(conn: AsyncConnection) -> Quality:
        name, regions = viewer.region_name, viewer.regions
        if asked.region is not None:
            if asked.region not in viewer.regions:
                raise NotFound(f"There is no community {asked.region} among yours.")
            name, below = await regions_below(conn, asked.region)
            regions = viewer.regions & below
        zone = ZoneInfo(await store.zone_of(conn, regions) or _ZONE)
        span = span_of(asked.first, asked.last, asked.days, now.astimezone(zone).date(), zone)
        begin, end = span.begin, span.end
        counted = Counted(
            promises=await store.promises(conn, regions, begin, end, now),
            waiting=await store.waiting(conn, regions, begin, end),
            kinds=await store.kinds(conn, regions, begin, end),
            alerts=await store.alerts(conn, regions, begin, end),
            marks=await store.marks(conn, regions, begin, end),
            reports=await store.reports(conn, regions, begin, end),
        )
        return Quality(span, name, asked.region, await communities(conn, viewer.regions), counted)

    return await services.replica.read(read)


def _headline(shown: list[Table], language: Language) -> str:
    """How it stands in one sentence: "93 % of 214 promises kept; half of the calls taken within 42 s"."""
    parts = []
    whole = _whole(shown, "promises_by_priority")
    if whole is not None and whole.values[1] is not None:
        parts.append(
            language.gettext(
                "%(share)s of %(n)s promises kept",
                share=said(language, whole.values[1], Unit.SHARE),
                n=said(language, whole.values[0], Unit.COUNT),
            )
        )
    for row in (row for table in shown if table.code == "waiting" for row in table.rows if row.code == "call_taken"):
        if row.values[1] is not None:
            parts.append(
                language.gettext(
                    "half of the calls taken within %(time)s", time=said(language, row.values[1], Unit.SECONDS)
                )
            )
    marks = _whole(shown, "assessments_by_community")
    if marks is not None and marks.values[1] is not None:
        parts.append(
            language.gettext("elders' mean mark %(mark)s of 5", mark=said(language, marks.values[1], Unit.MARK))
        )
    return language.gettext("; ").join(parts) or language.gettext("Too little happened in these days to say more")


def _bar(shown: list[Table]) -> list[tuple[str, float, float]]:
    """Of 100: kept, late, missed, each with where it begins; empty where too little was due."""
    whole = _whole(shown, "promises_by_priority")
    if whole is None or (whole.values[0] or 0) < LEAST:
        return []
    due, left, parts = whole.values[0] or 0, 0.0, []
    for name, count in zip(("kept", "late", "missed"), whole.values[2:5], strict=True):
        width = 100 * (count or 0) / due
        parts.append((name, left, width))
        left += width
    return parts


def _whole(shown: list[Table], code: str) -> Row | None:
    """The row of all, or the only one."""
    rows = next((table.rows for table in shown if table.code == code), ())
    return rows[-1] if rows and not rows[-1].hidden else None


def _query(span: Span, region: int | None) -> str:
    return f"from={span.first}&to={span.last}" + (f"&region={region}" if region is not None else "")
