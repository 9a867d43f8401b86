"""One elder's visits to come, with what asks for another one and what sets how often somebody comes by itself."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.identity.model import Role
from cloud.web.consent.sharing import must_be_shown
from cloud.web.dispatch.elders import store
from cloud.web.dispatch.words import RISK_CLASSES
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)


@router.get("/elders/{elder_id}/visits")
async def visits_page(request: Request, elder_id: int, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        await must_be_shown(conn, viewer, elder_id)
        zone = ZoneInfo(person.time_zone)
        today = services.now.astimezone(zone).date()
        context = {
            "person": person,
            "awaited": await store.awaited(conn, elder_id),
            "rhythm": await store.rhythm(conn, elder_id),
            "skills": await store.skills_of(conn, viewer.regions),
            "today": today,
            "tomorrow": today + timedelta(days=1),
            "classes": RISK_CLASSES,
            "for_family": viewer.staff.role is not Role.DOCTOR,
        }
    return page(request, "elder_visits.html", context, viewer=viewer, zone=zone)
