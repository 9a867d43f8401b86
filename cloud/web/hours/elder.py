"""The elder's statement: what they have, what came and went, a gift, and a word where something is not right."""

from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.errors import NotFound
from cloud.services.time_bank import store as ledger
from cloud.services.time_bank.disputes import store as disputes
from cloud.web.answers import Line, accepts, done, posted
from cloud.web.elder.pages import person_of
from cloud.web.hours.giving import Gift, give_or_send
from cloud.web.render import page
from cloud.web.services import services_of
from cloud.web.volunteers.shown import said

router = APIRouter(tags=["elder"])
_SHOWN = timedelta(days=365)


class ElderDoubt(BaseModel):
    words: Line = Field(default="?", min_length=1)


@router.get("/e/{token}/hours", include_in_schema=False)
async def hours_page(request: Request, token: str) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        account = await ledger.account_of_elder(conn, person.elder_id)
        context = {
            "person": person,
            "token": token,
            "account": account,
            "lines": await ledger.statement(conn, account.account_id, services.now - _SHOWN, 60) if account else [],
            "answers": {
                one.entry_id: one for one in (await disputes.of_account(conn, account.account_id) if account else [])
            },
            "key": uuid4(),
            **said(request),
        }
    return page(request, "elder_hours.html", context, zone=ZoneInfo(person.time_zone))


@router.post("/e/{token}/hours/give", openapi_extra=accepts(Gift))
async def give(request: Request, token: str) -> Response:
    """An elder gives hours to somebody, or to the community."""
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        wish = await posted(request, Gift)
        account = await ledger.account_of_elder(conn, person.elder_id)
        if account is None:
            raise NotFound("there is no account yet")
        await give_or_send(request, conn, account, wish, None)
    return done(request, {"minutes": wish.minutes}, f"/e/{token}/hours")


@router.post("/e/{token}/hours/{entry_id}/doubt", openapi_extra=accepts(ElderDoubt))
async def doubt(request: Request, token: str, entry_id: UUID) -> Response:
    """That is not right: a coordinator looks at it."""
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        wish = await posted(request, ElderDoubt)
        account = await ledger.account_of_elder(conn, person.elder_id)
        if account is None:
            raise NotFound("there is no account yet")
        await disputes.say(conn, account.account_id, entry_id, wish.words, services_of(request).now)
    return done(request, {"entry_id": entry_id}, f"/e/{token}/hours")
