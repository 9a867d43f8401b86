"""What I agreed to: an elder's own page. Each consent is withdrawn by one touch, and their data are asked for there."""

from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from cloud.identity.links import store as links_store
from cloud.privacy import store
from cloud.privacy.model import Wish
from cloud.web.answers import done, posted
from cloud.web.consent.words import HOWS, PURPOSES, WISHES
from cloud.web.elder.pages import person_of
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)


class DataWish(BaseModel):
    what: Literal["export", "erase"]


@router.get("/e/{token}/consent")
async def own_consents_page(request: Request, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        context = {
            "person": person,
            "token": token,
            "consents": [one for one in await store.consents(conn, person.elder_id) if one.withdrawn_at is None],
            "relatives": await links_store.relatives(conn, person.elder_id),
            "asked": {wish.value for wish in await store.open_wishes(conn, person.elder_id)},
            "purposes": PURPOSES,
            "hows": HOWS,
            "wishes": WISHES,
        }
    return page(request, "own_consents.html", context, zone=ZoneInfo(person.time_zone))


@router.post("/e/{token}/consent/{consent_id}/withdraw")
async def withdraw_own(request: Request, token: str, consent_id: int) -> Response:
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        await store.withdraw(conn, person.elder_id, consent_id, None, services_of(request).now)
    return done(request, {"withdrawn": consent_id}, f"/e/{token}/consent")


@router.post("/e/{token}/family/{relative_id}/end")
async def end_familys_way_in(request: Request, token: str, relative_id: int) -> Response:
    now = services_of(request).now
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        await links_store.end_way_in(conn, person.elder_id, relative_id, now)
        await store.withdraw_all_for(conn, person.elder_id, relative_id, None, now)
    return done(request, {"ended": relative_id}, f"/e/{token}/consent")


@router.post("/e/{token}/data")
async def ask_for_data(request: Request, token: str) -> Response:
    """Asks for a copy, or for erasure: the desk sees it and answers in person."""
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        wish = await posted(request, DataWish)
        await store.ask(conn, person.elder_id, Wish(wish.what), services_of(request).now)
    return done(request, {"asked": wish.what}, f"/e/{token}/consent")
