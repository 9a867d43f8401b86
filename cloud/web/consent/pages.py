"""What an elder agreed to, as staff writes it down; and the ways in of the elder and the family, each shown once."""

import asyncio
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import segno
import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, model_validator

from cloud.identity.links import store as links_store
from cloud.identity.links.model import Link, draw
from cloud.privacy import store
from cloud.privacy.model import Given, How
from cloud.privacy.purposes import FAMILY, OWN, Purpose
from cloud.web.answers import Line, done, posted
from cloud.web.consent.words import HOWS, PURPOSES, WISHES
from cloud.web.entry.current import signed_in, wall_now
from cloud.web.entry.links import Door
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
Name = Annotated[Line, Field(min_length=1, max_length=80)]


class Agreed(BaseModel):
    """How somebody agreed, and before whom."""

    how: Literal["spoken", "signed"]
    guardian: Line = ""
    witness: Line = ""

    @model_validator(mode="after")
    def _heard_by_two(self) -> "Agreed":
        if self.how == "spoken" and not self.witness:
            raise ValueError("name a witness of what was spoken")
        return self


class ConsentWish(Agreed):
    purpose: Literal["care", "institutions", "research", "photos", "voice"]


class FamilyConsentWish(Agreed):
    purpose: Literal["family_readings", "family_visits", "family_alarms"]


class Invitation(Agreed):
    name: Name
    relation: Name
    purposes: list[Literal["family_readings", "family_visits", "family_alarms"]] = Field(max_length=3)


@router.get("/elders/{elder_id}/consent")
async def consents_page(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        consents = await store.consents(conn, elder_id)
        context = {
            "person": person,
            "standing": [one for one in consents if one.withdrawn_at is None],
            "ended": [one for one in consents if one.withdrawn_at is not None],
            "relatives": await links_store.relatives(conn, elder_id),
            "asked": sorted(wish.value for wish in await store.open_wishes(conn, elder_id)),
            "purposes": PURPOSES,
            "own": [purpose.value for purpose in OWN],
            "family": [purpose.value for purpose in FAMILY],
            "hows": HOWS,
            "wishes": WISHES,
        }
    return page(request, "consents.html", context, viewer=viewer, zone=ZoneInfo(person.time_zone))


@router.post("/elders/{elder_id}/consent")
async def write_consent(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        wish = await posted(request, ConsentWish)
        given = _given(Purpose(wish.purpose), wish)
        number = await store.give(conn, elder_id, given, viewer.staff.staff_id, services_of(request).now)
    log.info("consent_given", elder_id=elder_id, purpose=wish.purpose, staff_id=viewer.staff.staff_id)
    return done(request, {"consent_id": number}, f"/elders/{elder_id}/consent")


@router.post("/elders/{elder_id}/consent/{consent_id}/withdraw")
async def withdraw_consent(request: Request, elder_id: int, consent_id: int, viewer: SignedIn) -> Response:
    """They said it to somebody of staff, in place of doing it on their page."""
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        staff_id = viewer.staff.staff_id
        purpose = await store.withdraw(conn, elder_id, consent_id, staff_id, services_of(request).now)
    log.info("consent_withdrawn", elder_id=elder_id, purpose=purpose.value, staff_id=viewer.staff.staff_id)
    return done(request, {"withdrawn": consent_id}, f"/elders/{elder_id}/consent")


@router.post("/elders/{elder_id}/link")
async def draw_elders_link(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """A new card for the elder; the old link and whoever opened it get in no more."""
    link = draw()
    async with services_of(request).pool.connection() as conn:
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        await links_store.keep_elders_link(conn, elder_id, link)
    return await _card(request, viewer, person.elder_id, link, name=person.name, door="e")


@router.post("/elders/{elder_id}/family")
async def invite_family(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    """One of the family gets a way in, to what the elder agreed to."""
    link, now = draw(), services_of(request).now
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        wish = await posted(request, Invitation)
        relative_id = await links_store.invite(
            conn,
            elder_id,
            link,
            name=wish.name,
            relation=wish.relation,
            staff_id=viewer.staff.staff_id,
            now=now,
            link_ends_at=wall_now() + _link_lasts(request),
        )
        for purpose in sorted(set(wish.purposes)):
            await store.give(conn, elder_id, _given(Purpose(purpose), wish, relative_id), viewer.staff.staff_id, now)
    log.info("family_invited", elder_id=elder_id, relative_id=relative_id, staff_id=viewer.staff.staff_id)
    return await _card(request, viewer, elder_id, link, name=wish.name, door="f")


@router.post("/elders/{elder_id}/family/{relative_id}/consent")
async def write_familys_consent(request: Request, elder_id: int, relative_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        wish = await posted(request, FamilyConsentWish)
        given = _given(Purpose(wish.purpose), wish, relative_id)
        number = await store.give(conn, elder_id, given, viewer.staff.staff_id, services_of(request).now)
    return done(request, {"consent_id": number}, f"/elders/{elder_id}/consent")


@router.post("/elders/{elder_id}/family/{relative_id}/link")
async def draw_familys_link(request: Request, elder_id: int, relative_id: int, viewer: SignedIn) -> Response:
    link = draw()
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        known = {one.relative_id: one.name for one in await links_store.relatives(conn, elder_id)}
        await links_store.renew_link(conn, elder_id, relative_id, link, wall_now() + _link_lasts(request))
    return await _card(request, viewer, elder_id, link, name=known[relative_id], door="f")


@router.post("/elders/{elder_id}/family/{relative_id}/end")
async def end_way_in(request: Request, elder_id: int, relative_id: int, viewer: SignedIn) -> Response:
    now = services_of(request).now
    async with services_of(request).pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        await links_store.end_way_in(conn, elder_id, relative_id, now)
        await store.withdraw_all_for(conn, elder_id, relative_id, viewer.staff.staff_id, now)
    return done(request, {"ended": relative_id}, f"/elders/{elder_id}/consent")


@router.get("/privacy")
async def requests_page(request: Request, viewer: SignedIn) -> Response:
    """What elders asked about their data and wait for."""
    async with services_of(request).pool.connection() as conn:
        requests = await store.open_requests(conn, viewer.regions)
    return page(request, "privacy.html", {"requests": requests, "wishes": WISHES}, viewer=viewer)


def _given(purpose: Purpose, wish: Agreed, relative_id: int | None = None) -> Given:
    return Given(purpose, How(wish.how), relative_id, wish.guardian, wish.witness)


def _link_lasts(request: Request) -> timedelta:
    return timedelta(days=services_of(request).config.privacy.family_link_days)


async def _card(request: Request, viewer: Viewer, elder_id: int, link: Link, *, name: str, door: Door) -> Response:
    """The only page that ever shows this link and its code."""
    centre = services_of(request).config.web.address.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    address = f"{centre}/{door}/{link.token}"
    drawn = await asyncio.to_thread(lambda: segno.make(address).svg_data_uri(scale=5, light="white"))
    context = {"elder_id": elder_id, "name": name, "address": address, "code": link.spoken_code, "qr": drawn}
    return page(request, "link_card.html", context, viewer=viewer)
