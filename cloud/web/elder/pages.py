"""The elder's own page, opened by the link on the tablet, and what can be said on it. Works without scripts."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.db.pool import AsyncConnection
from cloud.visits import commands
from cloud.visits.media import store as media_store
from cloud.visits.media.model import MediumKind
from cloud.web.answers import Line, accepts, done, posted
from cloud.web.elder import store
from cloud.web.entry.links import way_in
from cloud.web.evidence import store as evidence_store
from cloud.web.evidence.model import Person
from cloud.web.moments import greeting
from cloud.web.render import language_of, page
from cloud.web.services import services_of

router = APIRouter(tags=["elder"])


class AssessmentWish(BaseModel):
    face: int = Field(ge=1, le=5)
    word: Line = ""


@router.get("/e/{token}", include_in_schema=False)
async def elder_page(request: Request, token: str) -> Response:
    services, language = services_of(request), language_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        zone = ZoneInfo(person.time_zone)
        yesterday = (services.now.astimezone(zone) - timedelta(days=1)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        shown = await store.today(conn, person.elder_id, yesterday, services.now)
        photos = await media_store.seen_of_staff(
            conn, [visit.nurse_id for visit in shown.coming if visit.nurse_id is not None]
        )
        assessed = shown.to_assess
        speaks = assessed is not None and await media_store.agreed(conn, assessed.visit_id, MediumKind.VOICE)
    context = {
        "person": person,
        "token": token,
        "shown": shown,
        "greeting": greeting(language, services.now, zone),
        "photos": photos,
        "speaks": speaks,
    }
    answer = page(request, "elder.html", context, zone=zone)
    if speaks:
        answer.headers["permissions-policy"] = "camera=(), microphone=(self), geolocation=()"
    return answer


@router.post("/e/{token}/visits/{visit_id}/assessment", openapi_extra=accepts(AssessmentWish))
async def assess(request: Request, token: str, visit_id: int) -> Response:
    """The elder's word on a visit: one of five faces."""
    wish = await posted(request, AssessmentWish)
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        policy = services.config.visits
        await commands.assess(
            conn,
            visit_id,
            person.elder_id,
            wish.face,
            wish.word,
            services.now,
            policy=policy,
            routes=services.config.routes,
        )
    return done(request, {"visit_id": visit_id, "face": wish.face}, f"/e/{token}")


async def person_of(request: Request, conn: AsyncConnection, token: str) -> Person:
    """Whose link it is. Raises NotFound, and LinkCodeNeeded where this browser has not shown the code beside it."""
    way = await way_in(request, conn, "e", token)
    return await evidence_store.person_of_link(conn, way.elder_id)
