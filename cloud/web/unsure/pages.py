"""The page on which a person says whose a measurement was."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import page
from cloud.web.services import services_of
from cloud.web.unsure import store
from cloud.web.unsure.model import Unsure

router = APIRouter(include_in_schema=False)
FILED_SHOWN = timedelta(days=14)


@router.get("/unsure")
async def unsure_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        shown = Unsure(
            sorted(await store.open_acts(conn, viewer.regions), key=lambda act: act.urgency),
            await store.filed_acts(conn, viewer.regions, services.now - FILED_SHOWN),
        )
    return page(request, "unsure.html", {"unsure": shown}, viewer=viewer)
