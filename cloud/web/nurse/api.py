"""Visits as JSON: the list, one with its evidence, its steps, its report."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotAllowed
from cloud.visits import commands
from cloud.visits.model import Report
from cloud.web import labels
from cloud.web.answers import Code, Line, accepts, done, posted
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence.model import Band, Measured
from cloud.web.language import N_
from cloud.web.nurse import store
from cloud.web.nurse.model import AlertBehind, Card, Filed, Step, VisitSummary
from cloud.web.nurse.view import today, visit_view
from cloud.web.render import language_of
from cloud.web.services import services_of
from cloud.web.words import Why

router = APIRouter(prefix="/api/v1", tags=["visits"])


class StepWish(BaseModel):
    to: Literal["accepted", "travelling", "at_the_door", "declined"]
    note: Line = ""


class ReportWish(BaseModel):
    findings: list[Code] = Field(default_factory=list, max_length=20)
    actions: list[Code] = Field(default_factory=list, max_length=20)
    note: Line = ""
    verdict: Literal["right", "false", "technique"] | None = None
    next_on: date | None = None


class Visits(BaseModel):
    visits: list[VisitSummary]
    """Those of one's own first, then what nobody has, then the colleagues', each by promise; filed ones last."""


@dataclass(frozen=True, kw_only=True)
class VisitDetail:
    visit: VisitSummary
    alert: AlertBehind | None
    whys: list[Why]
    readings: list[Measured]
    bands: list[Band]
    steps: list[Step]
    report: Filed | None
    report_before: Filed | None


@router.get("/visits")
async def get_visits(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Visits:
    services = services_of(request)
    async with services.pool.connection() as conn:
        listed = await today(conn, services, viewer, language_of(request))
    return Visits(
        visits=[
            VisitSummary(**asdict(one.card), why=one.why)
            for one in (*listed.mine, *listed.free, *listed.others, *listed.done)
        ]
    )


@router.get("/visits/{visit_id}")
async def get_visit(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> VisitDetail:
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_view(conn, services, viewer, visit_id, language_of(request))
    return VisitDetail(
        visit=VisitSummary(**asdict(shown.card), why=shown.whys[0].sentence if shown.whys else ""),
        alert=shown.alert,
        whys=shown.whys,
        readings=[row for row, _ in shown.evidence.rows],
        bands=list(shown.evidence.bands.values()),
        steps=shown.steps,
        report=shown.report,
        report_before=shown.before,
    )


@router.post("/visits/{visit_id}/steps", openapi_extra=accepts(StepWish))
async def step(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, StepWish)
    now, me = services_of(request).now, viewer.staff.staff_id
    actions: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
        "accepted": lambda conn: commands.accept(conn, visit_id, me, now),
        "travelling": lambda conn: commands.travel(conn, visit_id, me, now),
        "at_the_door": lambda conn: commands.arrive(conn, visit_id, me, now),
        "declined": lambda conn: commands.decline(conn, visit_id, me, wish.note, now),
    }
    then = "/today" if wish.to == "declined" else f"/visits/{visit_id}"
    return await _act(request, visit_id, viewer, actions[wish.to], then)


@router.post("/visits/{visit_id}/report", openapi_extra=accepts(ReportWish))
async def file_report(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, ReportWish)
    now = services_of(request).now
    report = Report(tuple(wish.findings), tuple(wish.actions), wish.note, wish.verdict, wish.next_on)
    return await _act(
        request,
        visit_id,
        viewer,
        lambda conn: commands.file_report(conn, visit_id, viewer.staff.staff_id, report, now),
        f"/visits/{visit_id}",
    )


async def _act(
    request: Request,
    visit_id: int,
    viewer: Viewer,
    action: Callable[[AsyncConnection], Awaitable[object]],
    then: str,
) -> Response:
    """Does `action` in one transaction, within the viewer's regions; says who has the visit where it cannot be done."""
    if not viewer.may_visit:
        raise NotAllowed(N_("Visits are made by nurses."))
    services = services_of(request)
    async with services.pool.connection() as conn:
        await store.card(conn, visit_id, viewer.regions)
    try:
        async with services.pool.connection() as conn:
            await action(conn)
    except Conflict as conflict:
        async with services.pool.connection() as conn:
            card = await store.card(conn, visit_id, viewer.regions)
        raise Conflict(_how_it_is(request, viewer, card)) from conflict
    async with services.pool.connection() as conn:
        after = await store.card(conn, visit_id, viewer.regions)
    return done(request, after, then)


def _how_it_is(request: Request, viewer: Viewer, card: Card) -> str:
    language = language_of(request)
    state = labels.label(language, labels.VISIT_STATES, card.state)
    if card.nurse and card.nurse_id != viewer.staff.staff_id:
        return language.gettext("%(who)s has this visit: %(state)s.", who=card.nurse, state=state)
    return language.gettext("This visit stands at: %(state)s.", state=state)
