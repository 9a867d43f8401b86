"""The coordinator's pages: the register, one volunteer, and who suits a visit."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.disputes import store as disputes
from cloud.services.volunteers import store as register
from cloud.services.volunteers.vetting import EXPIRES_SOON, STEPS, counting, missing
from cloud.services.volunteers.visits import store as visits
from cloud.services.volunteers.visits.commands import propose
from cloud.web.dispatch.store import zone_of_regions
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.homes.store import communities
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.volunteers.shown import said
from cloud.web.volunteers.words import reason_said

router = APIRouter(include_in_schema=False)
SignedIn = Annotated[Viewer, Depends(signed_in)]
STATEMENT_DAYS = 365


@router.get("/volunteers")
async def register_page(request: Request, viewer: SignedIn) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        zone = ZoneInfo(await zone_of_regions(conn, viewer.regions))
        today = services.now.astimezone(zone).date()
        context = {
            "volunteers": await register.listed(conn, viewer.regions),
            "waiting": await visits.waiting(conn, viewer.regions),
            "disputes": await disputes.waiting(conn),
            "sums": await ledger.sums(conn),
            "communities": await communities(conn, viewer.regions),
            "today_date": today,
            "soon": today + EXPIRES_SOON,
            **said(request),
        }
    return page(request, "volunteers.html", context, viewer=viewer, zone=zone)


@router.get("/volunteers/{staff_id}")
async def volunteer_page(request: Request, staff_id: int, viewer: SignedIn) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        zone = ZoneInfo(await zone_of_regions(conn, viewer.regions))
        today = services.now.astimezone(zone).date()
        one = await register.volunteer(conn, staff_id)
        account = await ledger.account_of_staff(conn, staff_id)
        since = services.now - timedelta(days=STATEMENT_DAYS)
        context = {
            "one": one,
            "account": account,
            "lines": await ledger.statement(conn, account.account_id, since) if account else [],
            "steps": STEPS[one.state],
            "missing": {state: sorted(missing(state, one.papers, today)) for state in STEPS[one.state]},
            "counting": counting(one.papers, today),
            "today_date": today,
            "soon": today + EXPIRES_SOON,
            "marked": {f"{h.weekday} {h.from_time:%H:%M}-{h.to_time:%H:%M}" for h in one.hours},
            **said(request),
        }
    return page(request, "volunteer.html", context, viewer=viewer, zone=zone)


@router.get("/volunteers/{staff_id}/certificate")
async def certificate_page(request: Request, staff_id: int, viewer: SignedIn) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        one = await register.volunteer(conn, staff_id)
        context = {
            "one": one,
            "account": await ledger.account_of_staff(conn, staff_id),
            "made": await visits.made(conn, staff_id),
            "centre": viewer.region_name,
            **said(request),
        }
    return page(request, "volunteer_certificate.html", context, viewer=viewer)


@router.get("/volunteers/visits/{visit_id}")
async def ask_page(request: Request, visit_id: int, viewer: SignedIn) -> Response:
    """Three who suit the visit, each with the reasons."""
    services, language = services_of(request), language_of(request)
    async with services.pool.connection() as conn:
        visit = await visits.waiting_visit(conn, visit_id, viewer.regions)
        zone = ZoneInfo(visit.time_zone)
        found = await propose(conn, visit_id, services.now) if visit.state in ("proposed", "assigned") else []
        aside = await ledger.set_aside_for(conn, visit_id)
    context = {
        "visit": visit,
        "set_aside": aside,
        "proposals": [
            (one, [reason_said(language, reason, services.now, zone) for reason in one.reasons]) for one in found
        ],
        **said(request),
    }
    return page(request, "volunteer_ask.html", context, viewer=viewer, zone=zone)
