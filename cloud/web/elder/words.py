"""A wish in the elder's own words: sorted, and on its way; what may be a call for help is one at once."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, StringConstraints

from cloud.registry.demands.demand import LONGEST_TEXT, Doer, Mouth
from cloud.services.demands.centre import Centre
from cloud.services.demands.deciding import take_back
from cloud.services.demands.taking import Said, take_in
from cloud.web.answers import accepts, done, posted
from cloud.web.elder.pages import person_of
from cloud.web.elder.wishes import Nothing
from cloud.web.services import services_of

router = APIRouter(tags=["elder"])
Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S"),
    AfterValidator(lambda text: text.replace("\0", "").strip()),
]
DemandId = Annotated[int, Path(ge=1, lt=2**63)]


class WordsWish(BaseModel):
    text: Words
    """Whatever they would like, in Chinese or English."""


@router.post("/e/{token}/wishes", openapi_extra=accepts(WordsWish))
async def say(request: Request, token: str) -> Response:
    """The elder says a wish in their own words."""
    wish = await posted(request, WordsWish)
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        said = Said(elder_id=person.elder_id, mouth=Mouth.ELDER, by=Doer("elder"), text=wish.text)
        taken = await take_in(conn, said, Centre(services.config, services.clock))
    return done(request, taken, f"/e/{token}")


@router.post("/e/{token}/wishes/{demand_id}/take-back", openapi_extra=accepts(Nothing))
async def never_mind(request: Request, token: str, demand_id: DemandId) -> Response:
    """They wish for it no more. Once somebody comes for it, that is called off by itself."""
    await posted(request, Nothing)
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        centre = Centre(services.config, services.clock)
        taken = await take_back(conn, demand_id, person.elder_id, Doer("elder"), centre)
    return done(request, {"taken_back": taken}, f"/e/{token}")
