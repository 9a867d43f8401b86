"""A browser subscribes to pushes, and says that it has one."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import Histogram
from pydantic import BaseModel, StringConstraints

from cloud.alarms.escalation.delivery.store import note_receipt
from cloud.db.sight import CENTRE, seeing
from cloud.push.model import BadSubscription, is_known_service
from cloud.push.store import subscribe, unsubscribe
from cloud.visits.reaching import store as reaching
from cloud.web.answers import accepts, done, posted
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import language_of
from cloud.web.services import services_of

log = structlog.get_logger()
router = APIRouter()

DELIVERED = Histogram(
    "doorstep_push_delivered_seconds",
    "From asking for a push to the phone's own receipt",
    buckets=(0.5, 1, 2, 5, 10, 20, 60, 300, 1800),
)
_POINT_BYTES, _AUTH_BYTES, _UNCOMPRESSED = 65, 16, 4

Endpoint = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Keys(BaseModel):
    p256dh: Annotated[str, StringConstraints(max_length=120)]
    auth: Annotated[str, StringConstraints(max_length=40)]


class NewSubscription(BaseModel):
    """What `PushSubscription.toJSON()` gives."""

    endpoint: Endpoint
    keys: Keys


class OldSubscription(BaseModel):
    endpoint: Endpoint


class Receipt(BaseModel):
    opened: bool = False
    """Somebody touched it; without it, the phone has it."""


@router.post("/api/v1/pushes/subscribe", tags=["pushes"], openapi_extra=accepts(NewSubscription))
async def post_subscription(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """This browser takes the pushes of whoever is signed in."""
    asked = await posted(request, NewSubscription)
    services = services_of(request)
    if not is_known_service(asked.endpoint, services.config.push.services):
        raise BadSubscription("This browser's push service is not one that this centre uses (push.services).")
    p256dh, auth = _bytes(asked.keys.p256dh), _bytes(asked.keys.auth)
    if len(p256dh) != _POINT_BYTES or p256dh[0] != _UNCOMPRESSED or len(auth) != _AUTH_BYTES:
        raise BadSubscription("The browser's keys are not those of Web Push.")
    staff_id, language = viewer.staff.staff_id, language_of(request).code
    with seeing(CENTRE):  # who shows an endpoint has that browser, also where it was somebody else's until now
        async with services.pool.connection() as conn:
            await subscribe(conn, staff_id, asked.endpoint, p256dh, auth, language=language)
    return done(request, {"subscribed": True}, "/pushes")


@router.post("/api/v1/pushes/unsubscribe", tags=["pushes"], openapi_extra=accepts(OldSubscription))
async def post_unsubscription(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """This browser takes none any more."""
    asked = await posted(request, OldSubscription)
    async with services_of(request).pool.connection() as conn:
        await unsubscribe(conn, viewer.staff.staff_id, asked.endpoint)
    return done(request, {"subscribed": False}, "/pushes")


@router.post("/push/receipts/{notice_id}", include_in_schema=False)
async def post_receipt(request: Request, notice_id: UUID) -> Response:
    """The service worker's word. Nobody is signed in there: the id is drawn at random and only the phone has it."""
    receipt = await posted(request, Receipt)
    async with services_of(request).pool.connection() as conn:
        after_s = await note_receipt(conn, notice_id, opened=receipt.opened)
        if after_s is None:
            after_s = await reaching.note_receipt(conn, notice_id, opened=receipt.opened)
    if after_s is not None:
        if not receipt.opened:
            DELIVERED.observe(after_s)
        log.info("push_receipt", notice=str(notice_id), opened=receipt.opened, after_s=round(after_s, 3))
    return Response(status_code=204)


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
