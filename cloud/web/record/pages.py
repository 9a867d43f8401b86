"""An elder's record: header, one time axis, and the same in words."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store
from cloud.web.evidence.gather import Gatherer
from cloud.web.evidence.panels import CHARTED
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.words import Sayer

router = APIRouter(include_in_schema=False)
RANGES = (7, 30, 90, 365)


@router.get("/elders/{elder_id}")
async def record_page(
    request: Request,
    elder_id: int,
    viewer: Annotated[Viewer, Depends(signed_in)],
    days: Annotated[Literal["7", "30", "90", "365"], Query()] = "30",
) -> Response:
    services, language = services_of(request), language_of(request)
    now = services.now
    async with services.pool.connection() as conn:
        person = await store.person(conn, elder_id, viewer.regions)
        gatherer = Gatherer(language, services.measures, services.limit_lines, now)
        evidence = await gatherer.gather(conn, person, int(days), with_nights=True)
        contacts = await store.contacts(conn, elder_id)
        latest = await store.latest(conn, elder_id, CHARTED, now)
        since = min(evidence.begin, now - timedelta(days=max(RANGES)))
        alerts = await store.noticed(conn, elder_id, since)
        visits = await store.past_visits(conn, elder_id, since)
    zone = ZoneInfo(person.time_zone)
    sayer = Sayer(language, services.measures, zone, now)
    return page(
        request,
        "record.html",
        {
            "person": person,
            "evidence": evidence,
            "contacts": contacts,
            "latest": latest,
            "alerts": [(alert, sayer.all(alert.reasons)) for alert in alerts],
            "visits": visits,
            "days": int(days),
            "ranges": RANGES,
            "signed_limits": services.limit_lines.signed,
        },
        viewer=viewer,
        zone=zone,
    )
