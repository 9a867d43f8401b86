"""The page of a region's figures, and the same as a table and for programs."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from cloud.web import spreadsheet
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.quality.small import LEAST
from cloud.web.regions.model import Figures, Line, Shown
from cloud.web.regions.reading import Answer, Asked, read
from cloud.web.render import page

router = APIRouter()
RANGES = (7, 30, 90, 365)
LEVELS = {
    "province": N_("Province"),
    "city": N_("City"),
    "district": N_("District"),
    "street": N_("Street office"),
    "community": N_("Community"),
}
_COLUMNS = ("elders", "visits", "alerts", "alarms", "due", "kept_share")

SignedIn = Annotated[Viewer, Depends(signed_in)]
Query = Annotated[Asked, Depends()]


class RegionCounts(BaseModel):
    """What there was; null where it is too small to be told, or would tell what is."""

    elders: int | None
    visits: int | None
    alerts: int | None
    alarms: int | None
    due: int | None
    kept_share: float | None


class RegionLine(RegionCounts):
    region_id: int
    code: str
    name: str
    level: str
    itself: bool
    """Homes that stand in no region below this one."""


class RegionFigures(BaseModel):
    region_id: int
    code: str
    name: str
    first: date
    last: date
    whole: RegionCounts
    below: list[RegionLine]


@router.get("/regions", include_in_schema=False)
async def regions_page(request: Request, viewer: SignedIn, asked: Query) -> Response:
    """All that is chosen is in the address, so that a view can be sent."""
    answer = await read(request, viewer, asked)
    context = {
        "span": answer.span,
        "figures": answer.figures,
        "here": answer.figures.way[-1],
        "levels": LEVELS,
        "ranges": RANGES,
        "least": LEAST,
        "query": f"from={answer.span.first}&to={answer.span.last}",
    }
    return page(request, "regions.html", context, viewer=viewer, zone=answer.span.zone)


@router.get("/regions.csv", include_in_schema=False)
async def regions_table(request: Request, viewer: SignedIn, asked: Query) -> Response:
    answer = await read(request, viewer, asked)
    return Response(
        _to_csv(answer),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="regions-{answer.span.first}-{answer.span.last}.csv"'},
    )


@router.get("/api/v1/regions")
async def region_figures(request: Request, viewer: SignedIn, asked: Query) -> RegionFigures:
    """A region and those right below it: elders, and what there was from `from` to `to`."""
    answer = await read(request, viewer, asked)
    here = answer.figures.way[-1]
    return RegionFigures(
        region_id=here.region_id,
        code=here.code,
        name=here.name,
        first=answer.span.first,
        last=answer.span.last,
        whole=RegionCounts(**vars(answer.figures.whole)),
        below=[_line(line) for line in answer.figures.lines],
    )


def _line(line: Line) -> RegionLine:
    place = line.place
    return RegionLine(
        region_id=place.region_id,
        code=place.code,
        name=place.name,
        level=place.level,
        itself=line.itself,
        **vars(line.shown),
    )


def _to_csv(answer: Answer) -> str:
    figures: Figures = answer.figures
    here = figures.way[-1]
    first, last = answer.span.first.isoformat(), answer.span.last.isoformat()

    def cells(shown: Shown) -> list[float | None]:
        return [round(value, 4) if (value := getattr(shown, name)) is not None else None for name in _COLUMNS]

    return spreadsheet.to_csv(
        ("from", "to", "code", "name", "level", *_COLUMNS),
        [
            *(
                (first, last, one.place.code, one.place.name, one.place.level, *cells(one.shown))
                for one in figures.lines
            ),
            (first, last, here.code, here.name, "all", *cells(figures.whole)),
        ],
    )
