"""Visits as JSON: the list, one with its evidence, its steps, its report."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotAllowed
from cloud.registry.demands.demand import Doer, Mouth
from cloud.services.demands.centre import Centre
from cloud.services.demands.taking import Said, take_in
from cloud.visits import commands
from cloud.visits.asking import commands as asking
from cloud.visits.model import AnotherOnTheWay, MeasuredAtDoor, Report
from cloud.visits.telling import store as telling
from cloud.web import labels
from cloud.web.answers import Code, Line, accepts, done, posted
from cloud.web.elder.words import Words
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence.model import Band, Measured
from cloud.web.language import N_
from cloud.web.nurse import store
from cloud.web.nurse.model import AlertBehind, Card, Filed, Step, VisitSummary
from cloud.web.nurse.view import reader_of, today, visit_view
from cloud.web.render import language_of
from cloud.web.services import services_of
from cloud.web.values import Measures
from cloud.web.words import Why
from protocols.reading import Metric

router = APIRouter(prefix="/api/v1", tags=["visits"])
Action = Callable[[AsyncConnection, datetime], Awaitable[object]]
_AT_THE_DOOR = ("systolic", "diastolic", "pulse", "glucose", "body_temperature", "body_weight")
_MEASURED_WITHIN = timedelta(hours=24)


class Told(BaseModel):
    """What a phone adds, which may have had no net."""

    key: UUID | None = None
    """Drawn for this one act: telling it again does nothing again."""
    did_at: AwareDatetime | None = None
    """When it was done; now, where it is not said."""


class StepWish(Told):
    to: Literal["accepted", "travelling", "at_the_door", "no_answer", "declined", "handed_on"]
    note: Line = ""
    nurse_id: int | None = None
    """To whom it is handed on."""


class DispatchWish(Told):
    to: Literal["assigned", "cancelled", "together"]
    note: Line = ""
    """Why nobody need come."""
    nurse_id: int | None = None
    """Who is asked."""


class ReportWish(Told):
    findings: list[Code] = Field(default_factory=list, max_length=20)
    actions: list[Code] = Field(default_factory=list, max_length=20)
    note: Line = ""
    verdict: Literal["right", "false", "technique"] | None = None
    next_on: date | None = None
    systolic: float | None = Field(default=None, ge=40, le=320)
    """Measured at the door, in mmHg."""
    diastolic: float | None = Field(default=None, ge=20, le=220)
    pulse: float | None = Field(default=None, ge=20, le=260)
    body_temperature: float | None = Field(default=None, ge=30, le=45)
    """In °C."""
    body_weight: float | None = Field(default=None, ge=20, le=300)
    """In kg."""
    glucose: float | None = Field(default=None, gt=0, le=1000)
    """In `glucose_unit`."""
    glucose_unit: Literal["mmol/L", "mg/dL"] | None = None
    """None: the centre's, which pages show unless their reader wants another."""
    measured_with: Literal["own_meter", "elders_meter"] = "own_meter"
    """The elder's, read by eye: what it told by itself is not counted again."""
    measured_at: AwareDatetime | None = None
    """None: when the report was filed."""
    wish: Words | None = None
    """What the elder wishes for, which the nurse heard: a demand of its own."""


class Visits(BaseModel):
    visits: list[VisitSummary]
    """Those of one's own first, in the order of one's route; then what nobody has, then the colleagues',
    each by promise; filed ones last."""


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
    listed = await today(services_of(request), viewer, reader_of(request))
    return Visits(
        visits=[
            VisitSummary(**asdict(one.card), why=one.why)
            for one in (*listed.mine, *listed.later, *listed.free, *listed.others, *listed.done)
        ]
    )


@router.get("/visits/{visit_id}")
async def get_visit(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> VisitDetail:
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_view(conn, services, viewer, visit_id, reader_of(request))
    return VisitDetail(
        visit=VisitSummary(**asdict(shown.card), why=shown.whys[0].sentence if shown.whys else ""),
        alert=shown.alert,
        whys=shown.whys,
        readings=shown.evidence.measured,
        bands=list(shown.evidence.bands.values()),
        steps=shown.steps,
        report=shown.report,
        report_before=shown.before,
    )


@router.post("/visits/{visit_id}/steps", openapi_extra=accepts(StepWish))
async def step(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, StepWish)
    _need_nurse(viewer)
    me, policy = viewer.staff.staff_id, services_of(request).config.visits
    actions: dict[str, Action] = {
        "accepted": lambda conn, at: commands.accept(conn, visit_id, me, at),
        "travelling": lambda conn, at: commands.travel(conn, visit_id, me, at),
        "at_the_door": lambda conn, at: commands.arrive(conn, visit_id, me, at),
        "no_answer": lambda conn, at: commands.no_answer(conn, visit_id, me, wish.note, at),
        "declined": lambda conn, at: commands.decline(conn, visit_id, me, wish.note, at),
        "handed_on": lambda conn, at: asking.hand_on(
            conn, visit_id, me, wish.nurse_id or 0, wish.note, at, policy=policy
        ),
    }
    then = "/today" if wish.to in ("declined", "handed_on") else f"/visits/{visit_id}"
    return await _act(request, visit_id, viewer, wish, actions[wish.to], then)


@router.post("/visits/{visit_id}/dispatch", openapi_extra=accepts(DispatchWish))
async def dispatch(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """The desk asks a nurse, calls a visit off, or asks for a second person."""
    wish = await posted(request, DispatchWish)
    me, policy = viewer.staff.staff_id, services_of(request).config.visits
    if wish.to == "cancelled" and not wish.note:
        raise HTTPException(422, N_("Say why nobody need come."))
    actions: dict[str, Action] = {
        "assigned": lambda conn, at: asking.assign(conn, visit_id, me, wish.nurse_id or 0, at, policy=policy),
        "cancelled": lambda conn, at: commands.cancel(conn, visit_id, me, wish.note, at),
        "together": lambda conn, at: asking.bring_second(conn, visit_id, me, at),
    }
    return await _act(request, visit_id, viewer, wish, actions[wish.to], "/board")


@router.post("/visits/{visit_id}/report", openapi_extra=accepts(ReportWish))
async def file_report(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    wish = await posted(request, ReportWish)
    _need_nurse(viewer)
    measures = Measures(wish.glucose_unit) if wish.glucose_unit else services_of(request).measures
    given = {name: getattr(wish, name) for name in _AT_THE_DOOR}
    measured = tuple(
        MeasuredAtDoor(Metric(name), round(measures.canonical(name, value), 3))
        for name, value in given.items()
        if value is not None
    )
    report = Report(
        tuple(wish.findings),
        tuple(wish.actions),
        wish.note,
        wish.verdict,
        wish.next_on,
        measured,
        wish.measured_with,
        wish.measured_at if measured else None,
    )
    services, me = services_of(request), viewer.staff.staff_id

    async def file(conn: AsyncConnection, at: datetime) -> None:
        visit = await commands.file_report(conn, visit_id, me, measured_by(report, at), at, arrived_at=services.now)
        if wish.wish is not None:
            said = Said(
                elder_id=visit.elder_id, mouth=Mouth.NURSE, by=Doer("staff", me), text=wish.wish, at_visit=visit_id
            )
            await take_in(conn, said, Centre(services.config, services.clock))

    return await _act(request, visit_id, viewer, wish, file, f"/visits/{visit_id}")


def measured_by(report: Report, filed_at: datetime) -> Report:
    """By a phone's clock, which may be wrong: within the day before it was filed."""
    if report.measured_at is None:
        return report
    return replace(report, measured_at=max(min(report.measured_at, filed_at), filed_at - _MEASURED_WITHIN))


def _need_nurse(viewer: Viewer) -> None:
    if not viewer.may_visit:
        raise NotAllowed(N_("Visits are made by nurses."))


async def _act(  # noqa: PLR0917 - who tells what of which visit, what is then done, and what is shown
    request: Request, visit_id: int, viewer: Viewer, told: Told, action: Action, then: str
) -> Response:
    """Does `action` in one transaction, within the viewer's regions; says who has the visit where it cannot be done."""
    services = services_of(request)
    try:
        async with services.pool.connection() as conn:
            await store.must_be_in(conn, visit_id, viewer.regions)
            at = await telling.moment_of(conn, visit_id, told.did_at or services.now, services.now)
            me = viewer.staff.staff_id
            if told.key is None or await telling.note_act(conn, me, told.key, visit_id, at, services.now):
                await action(conn, at)
    except AnotherOnTheWay as another:
        language = language_of(request)
        raise Conflict(language.gettext("%(who)s goes to this elder already.", who=another.name)) from another
    except Conflict as conflict:
        async with services.pool.connection() as conn:
            card = await store.card(conn, visit_id, viewer.regions)
        raise Conflict(_how_it_is(request, viewer, card)) from conflict
    async with services.answers.connection(viewer.sight) as conn:
        after = await store.card(conn, visit_id, viewer.regions)
    return done(request, after, then)


def _how_it_is(request: Request, viewer: Viewer, card: Card) -> str:
    language = language_of(request)
    state = labels.label(language, labels.VISIT_STATES, card.state)
    if card.nurse and card.nurse_id != viewer.staff.staff_id:
        return language.gettext("%(who)s has this visit: %(state)s.", who=card.nurse, state=state)
    return language.gettext("This visit stands at: %(state)s.", state=state)
