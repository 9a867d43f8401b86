"""What was: an elder's past visits and last measurements, in large plain words."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.web.elder import store
from cloud.web.elder.pages import person_of
from cloud.web.elder.plain_words import SAID, sayings
from cloud.web.evidence import store as evidence_store
from cloud.web.looks import measures_of
from cloud.web.render import language_of, page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
SHOWN = timedelta(days=90)


@router.get("/e/{token}/earlier")
async def earlier_page(request: Request, token: str) -> Response:
    now = services_of(request).now
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        visits = await store.past(conn, person.elder_id, now - SHOWN)
        latest = await evidence_store.latest(conn, person.elder_id, SAID, now)
        bands = await evidence_store.bands(conn, person.elder_id)
    context = {
        "person": person,
        "token": token,
        "visits": visits,
        "sayings": sayings(language_of(request), measures_of(request), latest, bands),
    }
    return page(request, "elder_earlier.html", context, zone=ZoneInfo(person.time_zone))
