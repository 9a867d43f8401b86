"""The page of a gateway's settings: what the centre asks of it, what of that is in force, and a form for the next."""

from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from cloud.errors import Conflict
from cloud.remote.model import document_of
from cloud.web.entry.current import signed_in, wall_now
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.remote import form, store
from cloud.web.render import page, see_other
from cloud.web.services import services_of
from protocols.configuration import ConfigurationError
from protocols.remote.signed import parse_configuration, text_of
from protocols.remote.wanted import Wanted

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]


@router.get("/gateways/{gateway_id}/settings")
async def settings_page(request: Request, gateway_id: str, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        found = await store.settings(conn, gateway_id, viewer.regions)
    return _page(request, viewer, found, form.filled(_wanted(found)), "")


@router.post("/gateways/{gateway_id}/settings")
async def change_settings(
    request: Request,
    gateway_id: str,
    viewer: SignedIn,
    after: Annotated[int, Form(ge=0, lt=2**53)] = 0,
) -> Response:
    """The next version, after the one that the form was filled from."""
    fields = await request.form()
    values = {key: value for key, value in fields.items() if isinstance(value, str)}
    async with services_of(request).pool.connection() as conn:
        found = await store.settings(conn, gateway_id, viewer.regions)
        try:
            wanted = form.sent(_wanted(found), values)
        except ConfigurationError as error:
            shown = {field.key: values.get(field.key, "") for field in form.FIELDS}
            return _page(request, viewer, found, shown, str(error))
        now = wall_now()
        document = text_of(document_of(gateway_id, after + 1, now, wanted))
        if not await store.add(conn, gateway_id, after + 1, document, now, staff_id=viewer.staff.staff_id):
            raise Conflict(N_("Somebody else changed these settings meanwhile."))
    log.info("configuration_set", gateway=gateway_id, version=after + 1, staff_id=viewer.staff.staff_id)
    return see_other(f"/gateways/{gateway_id}/settings")


def _wanted(found: store.Settings) -> Wanted:
    return Wanted() if found.document is None else parse_configuration(found.document).wanted


def _page(request: Request, viewer: Viewer, found: store.Settings, shown: dict[str, str], error: str) -> Response:
    context = {
        "gateway": found,
        "fields": form.FIELDS,
        "shown": shown,
        "beside": form.beside(_wanted(found)),
        "error": error,
    }
    zone = ZoneInfo(found.time_zone)
    return page(request, "gateway_settings.html", context, viewer=viewer, zone=zone, status_code=422 if error else 200)
