"""The coordinator's deeds as JSON and as forms: the register, who is asked for a visit, and what is said of hours."""

import asyncio
import secrets
from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, StringConstraints

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.identity.passwords import hash_password
from cloud.services.time_bank import commands as bank
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.model import Deed
from cloud.services.volunteers import store as register
from cloud.services.volunteers.model import Hours, State
from cloud.services.volunteers.vetting import NotVetted, step
from cloud.services.volunteers.visits import commands, disputes
from cloud.services.volunteers.visits import store as visits
from cloud.web import labels
from cloud.web.answers import Line, accepts, done, is_json, posted
from cloud.web.dispatch.store import zone_of_regions
from cloud.web.entry.current import about, signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.volunteers.shown import spent_already
from cloud.web.volunteers.store import region_of
from cloud.web.volunteers.words import PAPERS, reason_said

log = structlog.get_logger()
router = APIRouter(prefix="/api/v1", tags=["volunteers"])
SignedIn = Annotated[Viewer, Depends(signed_in)]
Window = Annotated[str, StringConstraints(pattern=r"^[0-6] ([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
"""Such as `0 08:00-12:00`: Mondays, by the homes' clock."""
Skill = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Tongue = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
StateName = Literal["applied", "checking", "training", "active", "paused", "refused", "left"]
PaperName = Literal[
    "identity", "conduct", "health", "insurance", "agreement", "basics", "first_aid", "moving_people", "dementia"
]


class Applied(BaseModel):
    login: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{2,40}$")]
    name: Line = Field(min_length=1, max_length=80)
    phone: Line = Field(default="", max_length=30)
    community: Line = Field(min_length=1)
    """Code of the region where they live and go."""
    sex: Literal["female", "male"] | None = None
    elder: Line | None = None
    """Code of the elder of ours whom they are, if they are one."""


class StateWish(BaseModel):
    to: StateName
    note: Line = ""


class PaperSeen(BaseModel):
    kind: PaperName
    expires_on: date | None = None
    """The last day on which it counts."""


class Offer(BaseModel):
    skills: list[Skill] = Field(default_factory=list, max_length=20)
    languages: list[Tongue] = Field(default_factory=list, max_length=10)
    week_minutes: int = Field(default=240, ge=15, le=2400)
    hours: list[Window] = Field(default_factory=list, max_length=40)

    @property
    def windows(self) -> list[Hours]:
        """Raises ValueError where one ends before it begins."""
        found = set()
        for one in self.hours:
            weekday, _, clock = one.partition(" ")
            begin, _, end = clock.partition("-")
            window = Hours(int(weekday), time.fromisoformat(begin), time.fromisoformat(end))
            if window.from_time >= window.to_time:
                raise ValueError(one)
            found.add(window)
        return sorted(found)


class Asked(BaseModel):
    volunteer_id: int | None = None
    """Left out: no volunteer is to go, the visit is the nurses' again."""


class Correction(BaseModel):
    why: Literal["wrong_times", "not_made", "agreed"]
    minutes: int | None = Field(default=None, ge=0, le=480)
    """What is right, for a visit; left out: none."""


class Answer(BaseModel):
    outcome: Literal["corrected", "stands"]
    answer: Line = Field(min_length=1)
    minutes: int | None = Field(default=None, ge=0, le=480)


@router.post("/volunteers", openapi_extra=accepts(Applied))
async def register_volunteer(request: Request, viewer: SignedIn) -> Response:
    """Somebody applied. Their first password is shown once, in the answer."""
    wish = await posted(request, Applied)
    password = secrets.token_urlsafe(9)
    stored = await asyncio.to_thread(hash_password, password)
    async with services_of(request).pool.connection() as conn, conn.transaction():
        staff_id = await register.add(
            conn,
            services_of(request).now,
            login=wish.login,
            name=wish.name,
            phone=wish.phone,
            region_id=await region_of(conn, wish.community, viewer.regions),
            password_hash=stored,
            sex=wish.sex,
            elder_code=wish.elder,
            by=viewer.staff.staff_id,
        )
    about(request, str(staff_id))
    if is_json(request):
        return JSONResponse({"staff_id": staff_id, "login": wish.login, "password": password})
    context = {"staff_id": staff_id, "name": wish.name, "login": wish.login, "password": password}
    return page(request, "volunteer_new.html", context, viewer=viewer)


@router.post("/volunteers/{staff_id}/state", openapi_extra=accepts(StateWish))
async def set_state(request: Request, staff_id: int, viewer: SignedIn) -> Response:
    """The next state; papers that it asks for are there, or it is refused. Who becomes active has an account."""
    wish = await posted(request, StateWish)
    services, to = services_of(request), State(wish.to)
    async with services.pool.connection() as conn, conn.transaction():
        today = services.now.astimezone(ZoneInfo(await zone_of_regions(conn, viewer.regions))).date()
        one = await register.volunteer(conn, staff_id, lock=True)
        if one.state is not to:
            try:
                step(one.state, to, one.papers, today)
            except NotVetted as lacking:
                language = language_of(request)
                names = language.gettext(N_(", ")).join(
                    labels.label(language, PAPERS, str(kind)) for kind in lacking.missing
                )
                raise Conflict(language.gettext("Missing or ended: %(papers)s", papers=names)) from lacking
            await register.add_step(conn, staff_id, to, services.now, by=viewer.staff.staff_id, note=wish.note)
            if to is State.ACTIVE:
                await ledger.open_account(conn, services.now, staff_id=staff_id, elder_id=one.elder_id)
    return done(request, {"staff_id": staff_id, "state": to}, f"/volunteers/{staff_id}")


@router.post("/volunteers/{staff_id}/papers", openapi_extra=accepts(PaperSeen))
async def note_paper(request: Request, staff_id: int, viewer: SignedIn) -> Response:
    """A paper was seen, or a course passed, by who writes it down."""
    wish = await posted(request, PaperSeen)
    services = services_of(request)
    async with services.pool.connection() as conn:
        await register.volunteer(conn, staff_id)
        await register.add_paper(
            conn, staff_id, wish.kind, services.now, by=viewer.staff.staff_id, expires_on=wish.expires_on
        )
    return done(request, {"staff_id": staff_id, "kind": wish.kind}, f"/volunteers/{staff_id}")


@router.post("/volunteers/{staff_id}/offer", openapi_extra=accepts(Offer))
async def set_offer(request: Request, staff_id: int, viewer: SignedIn) -> Response:
    """What they do and when they have time, as they said it to the coordinator."""
    wish = await posted(request, Offer)
    async with services_of(request).pool.connection() as conn:
        await register.volunteer(conn, staff_id)
        await keep_offer(conn, staff_id, wish)
    log.info("volunteer_offer", staff_id=staff_id, by=viewer.staff.staff_id)
    return done(request, wish, f"/volunteers/{staff_id}")


async def keep_offer(conn: AsyncConnection, staff_id: int, wish: Offer) -> None:
    try:
        windows = wish.windows
    except ValueError as error:
        raise HTTPException(422, N_("The window ends before it begins.")) from error
    async with conn.transaction():
        await register.set_offer(
            conn, staff_id, skills=wish.skills, languages=wish.languages, week_minutes=wish.week_minutes, hours=windows
        )


@router.get("/volunteers")
async def get_volunteers(request: Request, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        return JSONResponse(jsonable_encoder(await register.listed(conn, viewer.regions)))


@router.get("/visits/{visit_id}/volunteers")
async def get_proposals(request: Request, visit_id: int, viewer: SignedIn) -> Response:
    """Three who suit the visit, the best first, each with the reasons as codes and in words."""
    services, language = services_of(request), language_of(request)
    async with services.pool.connection() as conn:
        visit = await visits.waiting_visit(conn, visit_id, viewer.regions)
        found = await commands.propose(conn, visit_id, services.now)
    zone = ZoneInfo(visit.time_zone)
    shown: list[dict[str, Any]] = [
        {
            **jsonable_encoder(one),
            "words": [reason_said(language, reason, services.now, zone) for reason in one.reasons],
        }
        for one in found
    ]
    return JSONResponse(shown)


@router.post("/visits/{visit_id}/volunteer", openapi_extra=accepts(Asked))
async def ask(request: Request, visit_id: int, viewer: SignedIn) -> Response:
    """A volunteer is asked for the visit; or the visit goes back to the nurses."""
    wish = await posted(request, Asked)
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        await visits.waiting_visit(conn, visit_id, viewer.regions)
        if wish.volunteer_id is None:
            visit = await commands.to_nurses(conn, visit_id, me, services.now)
        else:
            visit = await commands.ask(conn, visit_id, wish.volunteer_id, me, services.now)
    said = {"visit_id": visit_id, "state": visit.state, "volunteer_id": wish.volunteer_id}
    return done(request, said, "/volunteers")


@router.post("/hours/{entry_id}/correct", openapi_extra=accepts(Correction))
async def correct(request: Request, entry_id: UUID, viewer: SignedIn) -> Response:
    """Takes a deed back by its counter-entry; of a visit, the right minutes are booked in its place."""
    wish = await posted(request, Correction)
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        if not await ledger.lines_of(conn, entry_id):
            raise NotFound("there is no such deed in the ledger")
        kind, _ = await ledger.kind_of(conn, entry_id)
        with spent_already(request):
            if kind is Deed.EARN:
                await commands.correct_minutes(conn, entry_id, wish.minutes or 0, wish.why, services.now, by=me)
            else:
                await bank.correct(conn, entry_id, wish.why, services.now, staff_id=me)
    return done(request, {"corrected": entry_id}, "/volunteers")


@router.post("/hours/disputes/{dispute_id}/answer", openapi_extra=accepts(Answer))
async def answer(request: Request, dispute_id: int, viewer: SignedIn) -> Response:
    """The deed stands, or it is corrected; the answer is shown to who asked."""
    wish = await posted(request, Answer)
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        with spent_already(request):
            await disputes.answer(
                conn, dispute_id, wish.outcome, wish.answer, services.now, by=me, minutes=wish.minutes
            )
    return done(request, {"dispute_id": dispute_id, "outcome": wish.outcome}, "/volunteers")
