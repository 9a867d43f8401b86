"""Unsure measurements as JSON, and the word of a person on one of them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.errors import NotAllowed, NotFound
from cloud.readings.ruling.command import say_whose
from cloud.readings.ruling.model import Ruling
from cloud.web.answers import accepts, done, posted
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.services import services_of
from cloud.web.unsure import store
from cloud.web.unsure.model import Act

router = APIRouter(prefix="/api/v1", tags=["measurements"])
_LARGEST_KEY, _LARGEST_ID = 2**63 - 1, 2**31 - 1


class WhoseWish(BaseModel):
    elder: Annotated[int, Field(ge=1, le=_LARGEST_ID)] | Literal["nobody"]
    """nobody: it was none of ours."""
    after: Annotated[int, Field(ge=0, le=_LARGEST_KEY)] = 0
    """`ruling_id` of the measurement as it was shown: somebody may have been faster."""


@dataclass(frozen=True)
class Measurements:
    unsure: list[Act]


@router.get("/unsure")
async def get_unsure(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Measurements:
    async with services_of(request).pool.connection() as conn:
        return Measurements(await store.open_acts(conn, viewer.regions))


@router.post("/measurements/{device_id}-{record_key}/whose", openapi_extra=accepts(WhoseWish))
async def whose(
    request: Request,
    device_id: Annotated[int, Path(ge=0, le=_LARGEST_ID)],
    record_key: Annotated[int, Path(ge=0, le=_LARGEST_KEY)],
    viewer: Annotated[Viewer, Depends(signed_in)],
) -> Response:
    """Files the whole measurement to the elder; detection looks again at everybody concerned."""
    wish = await posted(request, WhoseWish)
    if not viewer.may_say_whose:
        raise NotAllowed(N_("The desk and nurses say whose a measurement was."))
    services = services_of(request)
    ruling = Ruling(
        device_id, record_key, None if wish.elder == "nobody" else wish.elder, viewer.staff.staff_id, wish.after
    )
    async with services.pool.connection() as conn:
        if not await store.is_in(conn, device_id, viewer.regions):
            raise NotFound(f"There is no measurement {device_id}-{record_key} in your community.")
        await say_whose(conn, ruling, services.now)
    return done(request, {"id": f"{device_id}-{record_key}", "elder": ruling.elder_id}, "/unsure")
