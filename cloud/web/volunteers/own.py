"""The volunteer's own pages, made for a phone: visits with check-in and check-out, hours, and what they offer."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from cloud.errors import NotFound
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.disputes import store as disputes
from cloud.services.time_bank.model import Account
from cloud.services.time_bank.transfers import store as transfers
from cloud.services.volunteers import store as register
from cloud.services.volunteers.visits import commands
from cloud.services.volunteers.visits import store as visits
from cloud.visits import commands as steps
from cloud.visits.model import Report
from cloud.web.answers import Line, accepts, done, posted
from cloud.web.dispatch.store import zone_of_regions
from cloud.web.entry.current import about, signed_in
from cloud.web.entry.model import Viewer
from cloud.web.hours.giving import Gift, give_or_send
from cloud.web.language import N_
from cloud.web.render import page
from cloud.web.services import services_of
from cloud.web.volunteers.api import Offer, keep_offer
from cloud.web.volunteers.shown import said

router = APIRouter(tags=["volunteers"])
SignedIn = Annotated[Viewer, Depends(signed_in)]
_MADE_SINCE = timedelta(days=30)
_STATEMENT = timedelta(days=365)
_NEXT = {"assigned": "accepted", "accepted": "travelling", "travelling": "at_the_door", "no_answer": "at_the_door"}


class VolunteerStep(BaseModel):
    to: Literal["accepted", "declined", "travelling", "at_the_door", "no_answer", "done"]
    """`at_the_door`: minutes count from now on; `done`: up to now."""
    found: Literal["well", "unwell", "not_at_home"] = "well"
    note: Line = ""


class Doubt(BaseModel):
    words: Line = Field(min_length=1)


@router.get("/volunteer", include_in_schema=False)
async def own_page(request: Request, viewer: SignedIn) -> Response:
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        one = await register.volunteer(conn, me)
        own = await visits.own(conn, me, services.now - _MADE_SINCE)
        context = {
            "one": one,
            "coming": [visit for visit in own if visit.left_at is None and visit.address is not None],
            "made": [visit for visit in own if visit.left_at is not None],
            "account": await ledger.account_of_staff(conn, me),
            "next_step": _NEXT,
            "marked": {f"{h.weekday} {h.from_time:%H:%M}-{h.to_time:%H:%M}" for h in one.hours},
            **said(request),
        }
        zone = ZoneInfo(own[0].time_zone if own else await zone_of_regions(conn, viewer.regions))
    return page(request, "volunteer_own.html", context, viewer=viewer, zone=zone)


@router.get("/volunteer/hours", include_in_schema=False)
async def own_hours_page(request: Request, viewer: SignedIn) -> Response:
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        account = await ledger.account_of_staff(conn, me)
        context = {
            "account": account,
            "lines": await ledger.statement(conn, account.account_id, services.now - _STATEMENT) if account else [],
            "doubts": await disputes.of_account(conn, account.account_id) if account else [],
            "transfers": await transfers.of_account(conn, account.account_id) if account else [],
            "key": uuid4(),
            **said(request),
        }
    return page(request, "volunteer_hours.html", context, viewer=viewer)


@router.get("/volunteer/certificate", include_in_schema=False)
async def own_certificate(request: Request, viewer: SignedIn) -> Response:
    me = viewer.staff.staff_id
    async with services_of(request).pool.connection() as conn:
        context = {
            "one": await register.volunteer(conn, me),
            "account": await ledger.account_of_staff(conn, me),
            "made": await visits.made(conn, me),
            "centre": viewer.region_name,
            **said(request),
        }
    return page(request, "volunteer_certificate.html", context, viewer=viewer)


@router.get("/api/v1/volunteer")
async def get_own(request: Request, viewer: SignedIn) -> Response:
    """One's visits, and the account with its lines of a year."""
    services, me = services_of(request), viewer.staff.staff_id
    async with services.pool.connection() as conn:
        account = await ledger.account_of_staff(conn, me)
        lines = await ledger.statement(conn, account.account_id, services.now - _STATEMENT) if account else []
        own = await visits.own(conn, me, services.now - _MADE_SINCE)
    return JSONResponse(jsonable_encoder({"visits": own, "account": account, "lines": lines}))


@router.post("/api/v1/volunteer/visits/{visit_id}/steps", openapi_extra=accepts(VolunteerStep))
async def take_step(request: Request, visit_id: int, viewer: SignedIn) -> Response:
    """Accept, decline, be on the way, check in at the door, nobody opens, check out."""
    wish = await posted(request, VolunteerStep)
    services, me = services_of(request), viewer.staff.staff_id
    minutes: int | None = None
    async with services.pool.connection() as conn:
        if all(one.visit_id != visit_id for one in await visits.own(conn, me, services.now - _MADE_SINCE)):
            raise NotFound(f"There is no visit {visit_id} for you.")
        now = services.now
        match wish.to:
            case "accepted":
                visit = await steps.accept(conn, visit_id, me, now)
            case "declined":
                visit = await steps.decline(conn, visit_id, me, wish.note, now)
            case "travelling":
                visit = await steps.travel(conn, visit_id, me, now)
            case "at_the_door":
                visit = await steps.arrive(conn, visit_id, me, now)
            case "no_answer":
                visit = await steps.no_answer(conn, visit_id, me, wish.note, now)
            case "done":
                report = Report((wish.found,), (), wish.note)
                visit, minutes = await commands.check_out(conn, visit_id, me, report, now)
    return done(request, {"visit_id": visit_id, "state": visit.state, "minutes": minutes}, "/volunteer")


@router.post("/api/v1/volunteer/offer", openapi_extra=accepts(Offer))
async def set_own_offer(request: Request, viewer: SignedIn) -> Response:
    """What one does, and when one has time."""
    wish = await posted(request, Offer)
    async with services_of(request).pool.connection() as conn:
        await register.volunteer(conn, viewer.staff.staff_id)
        await keep_offer(conn, viewer.staff.staff_id, wish)
    about(request, str(viewer.staff.staff_id))
    return done(request, wish, "/volunteer")


@router.post("/api/v1/volunteer/give", openapi_extra=accepts(Gift))
async def give(request: Request, viewer: SignedIn) -> Response:
    """To somebody by the code of their account, to the community, or to an account of another bank."""
    wish = await posted(request, Gift)
    me = viewer.staff.staff_id
    async with services_of(request).pool.connection() as conn:
        await give_or_send(request, conn, _need(await ledger.account_of_staff(conn, me)), wish, me)
    about(request, str(me))
    return done(request, {"minutes": wish.minutes}, "/volunteer/hours")


@router.post("/api/v1/volunteer/hours/{entry_id}/doubt", openapi_extra=accepts(Doubt))
async def doubt(request: Request, entry_id: UUID, viewer: SignedIn) -> Response:
    """Something in one's statement is not right."""
    wish = await posted(request, Doubt)
    async with services_of(request).pool.connection() as conn:
        account = _need(await ledger.account_of_staff(conn, viewer.staff.staff_id))
        await disputes.say(conn, account.account_id, entry_id, wish.words, services_of(request).now)
    return done(request, {"entry_id": entry_id}, "/volunteer/hours")


def _need(account: Account | None) -> Account:
    if account is None:
        raise NotFound(N_("You have no account yet: it is opened when you may go for the first time."))
    return account
