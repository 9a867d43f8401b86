"""A photo of oneself, by which elders know who comes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from cloud.visits.media import store
from cloud.visits.media.model import Content
from cloud.web.elder.pages import person_of
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.media.api import cleaned, file_body, shown
from cloud.web.media.uploads import PHOTO_BYTES
from cloud.web.render import see_other
from cloud.web.services import services_of

router = APIRouter()
_EDGE, _BYTES = 320, 48 * 1024


@router.post(
    "/api/v1/account/photo", tags=["account"], max_body_size=PHOTO_BYTES, openapi_extra=file_body("image/jpeg")
)
async def set_photo(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    """Elders whose visit one has are shown it."""
    clean = await cleaned(await request.body(), edge=_EDGE, at_most_bytes=_BYTES)
    services = services_of(request)
    async with services.pool.connection() as conn:
        await store.set_staff_photo(conn, viewer.staff.staff_id, clean, services.now)
    return JSONResponse({"kept": True})


@router.post("/account/photo/remove", include_in_schema=False)
async def remove_photo(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    async with services_of(request).pool.connection() as conn:
        await store.remove_staff_photo(conn, viewer.staff.staff_id)
    return see_other("/account#photo")


@router.get("/account/photo", include_in_schema=False)
async def own_photo(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    async with services_of(request).pool.connection() as conn:
        return _photo(await store.staff_photo(conn, viewer.staff.staff_id))


@router.get("/e/{token}/staff/{staff_id}/photo", include_in_schema=False)
async def who_comes(request: Request, token: str, staff_id: int) -> Response:
    """Of whoever has, or had, a visit to the elder of this link."""
    async with services_of(request).pool.connection() as conn:
        await person_of(request, conn, token)
        return _photo(await store.staff_photo(conn, staff_id))


def _photo(data: bytes | None) -> Response:
    return shown(None if data is None else Content("image/jpeg", data))
