"""/events: the live events as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.services import services_of

router = APIRouter(tags=["live"])


@router.get("/events", response_class=StreamingResponse)
async def events(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> StreamingResponse:
    """`alarm`, `alert`, `visit`, `status`, `severe` of the viewer's regions; `stranger`. After a break fetch anew."""
    return StreamingResponse(
        services_of(request).hub.listen(viewer.regions),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
