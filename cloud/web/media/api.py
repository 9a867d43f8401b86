"""A nurse's photo of a visit, and what is shown of photos and spoken words. Bodies are the files themselves."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime

from cloud.errors import Conflict, NotAllowed, NotFound
from cloud.visits.media import store
from cloud.visits.media.model import BadMedium, Content, MediumKind
from cloud.visits.media.photo import clean_photo
from cloud.visits.model import VisitState
from cloud.web.consent.sharing import must_be_shown
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.media.uploads import PHOTO_BYTES
from cloud.web.nurse import store as nurse_store
from cloud.web.services import services_of

router = APIRouter(tags=["visits"])
AT_MOST = 6
"""Photos of one visit."""
_AFTER_THE_DOOR = frozenset({VisitState.AT_THE_DOOR, VisitState.FILED, VisitState.ASSESSED, VisitState.CLOSED})


def file_body(*kinds: str) -> dict[str, Any]:
    """What OpenAPI says of a route whose body is a file."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/api/v1/visits/{visit_id}/photos",
    max_body_size=PHOTO_BYTES,
    openapi_extra=file_body("image/jpeg"),
    status_code=201,
)
async def add_photo(
    request: Request,
    visit_id: int,
    viewer: Annotated[Viewer, Depends(signed_in)],
    key: Annotated[UUID | None, Query()] = None,
    did_at: Annotated[AwareDatetime | None, Query()] = None,
) -> Response:
    """A photo of one's own visit, where the elder agreed to photos. `key`, drawn by the phone, names it: sent twice it
    is kept once. It is drawn anew before it is kept, so that nothing of where it was taken comes along."""
    services, now = services_of(request), services_of(request).now
    async with services.pool.connection() as conn:
        card = await nurse_store.card(conn, visit_id, viewer.regions)
        agreed = await store.agreed(conn, visit_id, MediumKind.PHOTO)
    if not viewer.may_visit or card.nurse_id != viewer.staff.staff_id or card.state not in _AFTER_THE_DOOR:
        raise NotAllowed(N_("Photos are added by the nurse who is at the door, or was."))
    if not agreed:
        raise Conflict(N_("This elder has not agreed that photos are kept."))
    clean, medium_id = await cleaned(await request.body()), key or uuid4()
    async with services.pool.connection() as conn:
        kept = await store.keep_photo(
            conn, medium_id, visit_id, viewer.staff.staff_id, Content("image/jpeg", clean),
            taken_at=_taken(did_at, now), now=now, at_most=AT_MOST,
        )  # fmt: skip
    if not kept:
        raise Conflict(N_("This visit has as many photos as are kept."))
    return JSONResponse({"medium_id": str(medium_id)}, status_code=201)


@router.get("/visits/{visit_id}/media/{medium_id}", include_in_schema=False)
async def show_medium(
    request: Request, visit_id: int, medium_id: UUID, viewer: Annotated[Viewer, Depends(signed_in)]
) -> Response:
    """Raises NotFound, also for whom the database does not show it."""
    async with services_of(request).pool.connection() as conn:
        card = await nurse_store.card(conn, visit_id, viewer.regions)
        await must_be_shown(conn, viewer, card.elder_id)
        return shown(await store.content_of(conn, visit_id, medium_id))


async def cleaned(data: bytes, *, edge: int = 1600, at_most_bytes: int = 512 * 1024) -> bytes:
    """`clean_photo` beside other requests; refuses with 422 what is no photo."""
    try:
        return await asyncio.to_thread(clean_photo, data, edge=edge, at_most_bytes=at_most_bytes)
    except BadMedium as error:
        raise HTTPException(422, str(error)) from error


def shown(content: Content | None) -> Response:
    if content is None:
        raise NotFound("There is no such photo or word.")
    return Response(content.data, media_type=content.media_type, headers={"content-disposition": "inline"})


def _taken(did_at: datetime | None, now: datetime) -> datetime:
    """By the phone's clock, but not later than it arrives."""
    return now if did_at is None else min(did_at, now)
