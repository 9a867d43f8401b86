"""A wish that one of the family says for the elder. It needs no consent to be heard, and shows nothing by itself."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.db.sight import CENTRE, seeing
from cloud.registry.demands.demand import Doer, Mouth
from cloud.services.demands.centre import Centre
from cloud.services.demands.taking import Said, take_in
from cloud.web.answers import accepts, done, posted
from cloud.web.elder.words import WordsWish
from cloud.web.entry.links import way_in
from cloud.web.services import services_of

router = APIRouter(tags=["family"])


@router.post("/f/{token}/wishes", openapi_extra=accepts(WordsWish))
async def say(request: Request, token: str) -> Response:
    """One of the family asks for something, in their own words."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        way = await way_in(request, conn, "f", token)
    wish = await posted(request, WordsWish)
    by = Doer("family", relative_id=way.relative_id)
    said = Said(elder_id=way.elder_id, mouth=Mouth.FAMILY, by=by, text=wish.text)
    with seeing(CENTRE):  # a link of the family sees nothing of what its words lead to
        async with services.pool.connection() as conn:
            taken = await take_in(conn, said, Centre(services.config, services.clock))
    return done(request, {"demand_id": taken.demand_id, "again": taken.again}, f"/f/{token}#wishes")
