"""The page on which somebody of staff lets this browser take pushes, and the service worker that shows them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response

from cloud.alarms.escalation.model import NO_BROWSER
from cloud.push.key import key_path, open_push_key, public_text
from cloud.push.store import subscriptions_of
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.pushes import store
from cloud.web.render import page
from cloud.web.services import STATIC, services_of

router = APIRouter(include_in_schema=False)

_PROBLEMS = {NO_BROWSER: N_("no browser of yours took pushes")}
"""What else went wrong, a push service said in its own words."""


@router.get("/pushes")
async def pushes_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    services = services_of(request)
    async with services.pool.connection() as conn:
        mine = await subscriptions_of(conn, viewer.staff.staff_id)
        lately = await store.lately(conn, viewer.staff.staff_id)
    key = open_push_key(key_path(services.config))
    return page(
        request,
        "pushes.html",
        {"key": public_text(key), "browsers": len(mine), "lately": lately, "problems": _PROBLEMS},
        viewer=viewer,
    )


@router.get("/service-worker.js")
async def service_worker() -> Response:
    """At the root of the site, because a worker stands for what lies below it."""
    return FileResponse(STATIC / "service-worker.js", media_type="text/javascript")
