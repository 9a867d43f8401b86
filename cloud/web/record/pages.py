"""An elder's record: header, one time axis, and the same in words."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.web.consent.sharing import must_be_shown
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence.gather import Gatherer
from cloud.web.looks import measures_of
from cloud.web.record.view import LONGEST_DAYS, read_record
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.words import Sayer

router = APIRouter(include_in_schema=False)
RANGES = (7, 30, 90, LONGEST_DAYS)


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
        await must_be_shown(conn, viewer, elder_id)
    record = await services.replica.read(lambda conn: read_record(conn, elder_id, viewer.regions, int(days), now))
    gatherer = Gatherer(language, measures_of(request), services.limit_lines, now)
    zone = ZoneInfo(record.person.time_zone)
    sayer = Sayer(language, measures_of(request), zone, now)
    return page(
        request,
        "record.html",
        {
            "person": record.person,
            "evidence": gatherer.gather(record.time_line),
            "contacts": record.contacts,
            "latest": record.latest,
            "alerts": [(alert, sayer.all(alert.reasons)) for alert in record.alerts],
            "urgency": {alert.alert_id: sayer.urgency(alert.priority, alert.reasons) for alert in record.alerts},
            "visits": record.visits,
            "asked_again": record.asked_again,
            "days": int(days),
            "ranges": RANGES,
            "signed_limits": services.limit_lines.signed,
        },
        viewer=viewer,
        zone=zone,
    )
