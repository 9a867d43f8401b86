"""I want somebody to come: asked once more before it is sent, and taken back as easily while nobody has accepted it."""

from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from cloud.detection.model import Priority
from cloud.errors import Conflict
from cloud.registry.demands.demand import Doer, Mouth, SortedBy
from cloud.services.demands.centre import Centre
from cloud.services.demands.taking import Said, take_in
from cloud.visits import commands
from cloud.visits.promising.promising import promised_by
from cloud.web.answers import accepts, done, posted
from cloud.web.elder.pages import person_of
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(tags=["elder"])
Wish = Literal["unwell", "medicine", "washing", "shopping", "repair", "company"]
_KINDS: dict[Wish, str] = {
    "unwell": "health",
    "medicine": "medicine",
    "washing": "bathing",
    "shopping": "shopping",
    "repair": "repair",
    "company": "companionship",
}
"""The kind of wish behind each picture."""


class RequestWish(BaseModel):
    wish: Wish


class Nothing(BaseModel):
    """That it is asked says it all."""


@router.get("/e/{token}/want/{wish}", include_in_schema=False)
async def confirm_page(request: Request, token: str, wish: Wish) -> Response:
    """A hand that slips asks for nobody. It is said by when somebody would come."""
    services = services_of(request)
    config = services.config
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        by = await promised_by(conn, person.elder_id, Priority.TODAY, services.now, config.visits, config.routes)
    context = {"person": person, "token": token, "wish": wish, "by": by}
    return page(request, "elder_want.html", context, zone=ZoneInfo(person.time_zone))


@router.post("/e/{token}/requests", openapi_extra=accepts(RequestWish))
async def ask(request: Request, token: str) -> Response:
    """The elder wants somebody to come. Asking again while a wish stands changes nothing."""
    wish = await posted(request, RequestWish)
    services = services_of(request)
    try:
        async with services.pool.connection() as conn:
            person = await person_of(request, conn, token)
            said = Said(
                elder_id=person.elder_id,
                mouth=Mouth.ELDER,
                by=Doer("elder"),
                text=wish.wish,
                kind=_KINDS[wish.wish],
                kind_by=SortedBy.SAID,
                comes=True,
            )
            await take_in(conn, said, Centre(services.config, services.clock))
    except Conflict:
        return done(request, {"wish": wish.wish, "new": False}, f"/e/{token}")
    return done(request, {"wish": wish.wish, "new": True}, f"/e/{token}")


@router.post("/e/{token}/requests/take-back", openapi_extra=accepts(Nothing))
async def take_back(request: Request, token: str) -> Response:
    """Nobody need come after all. Once somebody accepted it, it is for them to say."""
    await posted(request, Nothing)
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        taken = await commands.take_back(conn, person.elder_id, services.now)
    return done(request, {"taken_back": taken}, f"/e/{token}")
