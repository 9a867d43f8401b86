"""The dispatcher's moves as JSON and as forms, visits that others ask for, and visits that come by themselves."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.identity.model import Role
from cloud.registry.demands.demand import Doer, Mouth
from cloud.services.demands.centre import Centre
from cloud.services.demands.recording import record_asked
from cloud.visits.asked.commands import Asked, ask_for
from cloud.visits.dispatching import commands
from cloud.visits.model import AnotherOnTheWay, Visit
from cloud.visits.regular import store as regular
from cloud.web.answers import Code, Line, accepts, done, posted
from cloud.web.consent.sharing import must_be_shown
from cloud.web.dispatch import store
from cloud.web.dispatch.pages import clock_of
from cloud.web.dispatch.view import moment_of, visit_move
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.language import N_
from cloud.web.render import language_of
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1", tags=["dispatch"])
DAY_FROM, DAY_TO = "09:00", "17:00"
ClockText = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Pin(BaseModel):
    nurse_id: int
    at: ClockText | None = None
    """By the home's clock, on the day on which the visit is planned; left out: when it suits her route."""
    note: Line = ""


class Unpin(BaseModel):
    pass


class AskedFor(BaseModel):
    wish: Line = Field(min_length=1)
    """A code or a line."""
    priority: Literal["now", "today", "this_week"] = "today"
    from_at: AwareDatetime | None = None
    promised_by: AwareDatetime | None = None
    on: date | None = None
    """In place of from_at and promised_by: the day at the home, and between which times of it."""
    from_time: ClockText | None = None
    to_time: ClockText | None = None
    skills: list[Code] = Field(default_factory=list, max_length=10)
    minutes: int | None = Field(default=None, ge=5, le=480)
    people: int = Field(default=1, ge=1, le=2)
    for_family: bool = False
    """Somebody of the family asked by telephone."""


class RegularWish(BaseModel):
    every_days: int = Field(ge=0, le=366)
    """0: nobody comes by itself any more."""
    from_time: ClockText = DAY_FROM
    to_time: ClockText = DAY_TO
    next_on: date | None = None
    """The first day; left out: tomorrow."""
    skills: list[Code] = Field(default_factory=list, max_length=10)
    minutes: int | None = Field(default=None, ge=5, le=480)
    people: int = Field(default=1, ge=1, le=2)


@dataclass(frozen=True)
class LateThen:
    visit_id: int
    minutes: float
    minutes_before: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a move would cost: minutes on the road and of overtime beside now, and promises that it would break."""

    arrives_at: datetime | None
    travel_min: float
    overtime_min: float
    late: list[LateThen]
    why_not: str | None
    lacks: list[str]
    not_wished: bool


@router.get("/dispatch/visits/{visit_id}/cost")
async def cost(
    request: Request,
    visit_id: int,
    viewer: Annotated[Viewer, Depends(signed_in)],
    nurse_id: int | None = None,
    at: str = "",
) -> Cost:
    """Of giving the visit to `nurse_id`, whom it needs, and at `at` by the home's clock where that is given."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_move(conn, services, viewer, visit_id, nurse_id, clock_of(at))
    if nurse_id is None:
        raise HTTPException(422, N_("Say which nurse is to go."))
    if shown.wanted is None:
        raise Conflict(N_("This visit is under way or over; it is not moved any more."))
    price = shown.wanted.price
    return Cost(
        arrives_at=price.arrives_at,
        travel_min=round(price.travel_min, 1),
        overtime_min=round(price.overtime_min, 1),
        late=[LateThen(one.visit_id, round(one.minutes, 1), round(one.minutes_before, 1)) for one in price.late],
        why_not=price.why_not,
        lacks=list(price.lacks),
        not_wished=price.not_wished,
    )


@router.post("/dispatch/visits/{visit_id}/pin", openapi_extra=accepts(Pin))
async def pin(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """This nurse goes, whatever else; at that time where one is given."""
    wish = await posted(request, Pin)
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = await visit_move(conn, services, viewer, visit_id, None, None)
    day = shown.visit.day or services.now.astimezone(shown.zone).date()
    at = moment_of(clock_of(wish.at or ""), day, shown.zone)
    try:
        async with services.pool.connection() as conn:
            after = await commands.pin(
                conn, visit_id, viewer.staff.staff_id, wish.nurse_id, at, wish.note, services.now,
                policy=services.config.visits,
            )  # fmt: skip
    except AnotherOnTheWay as another:
        language = language_of(request)
        raise Conflict(language.gettext("%(who)s goes to this elder already.", who=another.name)) from another
    return done(request, _said(after), f"/dispatch?day={day}")


@router.post("/dispatch/visits/{visit_id}/unpin", openapi_extra=accepts(Unpin))
async def unpin(request: Request, visit_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """The next plan may give it to somebody else."""
    await posted(request, Unpin)
    services = services_of(request)
    async with services.pool.connection() as conn:
        visit = await store.planned(conn, visit_id, viewer.regions)
        await must_be_shown(conn, viewer, visit.elder_id)
        after = await commands.unpin(conn, visit_id)
    return done(request, _said(after), f"/dispatch/visits/{visit_id}")


def _mouth(viewer: Viewer, by: Literal["family", "doctor", "staff"]) -> Mouth:
    if by == "staff":
        return Mouth.NURSE if viewer.staff.role is Role.NURSE else Mouth.DESK
    return Mouth(by)


@router.post("/elders/{elder_id}/visits", openapi_extra=accepts(AskedFor))
async def ask(request: Request, elder_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """A doctor, the staff, or the staff for the family asks for a visit."""
    wish = await posted(request, AskedFor)
    services = services_of(request)
    by: Literal["family", "doctor", "staff"] = "family" if wish.for_family else "staff"
    if viewer.staff.role is Role.DOCTOR:
        by = "doctor"
    async with services.pool.connection() as conn:
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        await must_be_shown(conn, viewer, person.elder_id)
        from_at, promised_by = _window(wish, ZoneInfo(person.time_zone))
        asked = Asked(
            wish.wish,
            Priority(wish.priority),
            from_at,
            promised_by,
            tuple(wish.skills),
            wish.minutes,
            2 if wish.people == 2 else 1,
        )
        try:
            after = await ask_for(
                conn, elder_id, by, asked, services.now, viewer.staff.staff_id, promises=services.config.visits,
                routes=services.config.routes,
            )  # fmt: skip
        except ValueError as error:
            raise HTTPException(422, N_("The visit is to be promised for a time that is still to come.")) from error
        doer, mouth = Doer("staff", viewer.staff.staff_id), _mouth(viewer, by)
        await record_asked(conn, after, mouth, doer, Centre(services.config, services.clock))
    return done(request, _said(after), f"/elders/{elder_id}/visits")


@router.post("/elders/{elder_id}/regular", openapi_extra=accepts(RegularWish))
async def set_regular(request: Request, elder_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Somebody comes every few days, in place of what was set before."""
    wish = await posted(request, RegularWish)
    services = services_of(request)
    begin, end = time.fromisoformat(wish.from_time), time.fromisoformat(wish.to_time)
    if begin >= end:
        raise HTTPException(422, N_("The window ends before it begins."))
    async with services.pool.connection() as conn:
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        await must_be_shown(conn, viewer, person.elder_id)
        if wish.every_days == 0:
            await regular.end_regular(conn, elder_id, services.now)
        else:
            await regular.set_by_staff(
                conn, elder_id, viewer.staff.staff_id, wish.every_days, begin, end,
                wish.next_on or date.fromordinal(services.now.date().toordinal() + 1), services.now,
                skills=wish.skills, minutes=wish.minutes, people=2 if wish.people == 2 else 1,
            )  # fmt: skip
        standing = await regular.regular_of(conn, elder_id)
    return done(request, standing, f"/elders/{elder_id}/visits")


def _window(wish: AskedFor, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when somebody may come, and by when they are to. A day alone lasts as long as regular visits' days do."""
    if wish.on is None:
        return wish.from_at, wish.promised_by
    begin, end = time.fromisoformat(wish.from_time or DAY_FROM), time.fromisoformat(wish.to_time or DAY_TO)
    if begin >= end:
        raise HTTPException(422, N_("The window ends before it begins."))
    return datetime.combine(wish.on, begin, zone), datetime.combine(wish.on, end, zone)


def _said(visit: Visit) -> dict[str, object]:
    return {"visit_id": visit.visit_id, "state": visit.state, "nurse_id": visit.nurse_id}
