"""A spoken word on a visit, where the elder agreed that voices are kept."""

from uuid import uuid4

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from cloud.errors import Conflict, NotFound
from cloud.visits.media import store
from cloud.visits.media.model import BadMedium, MediumKind
from cloud.visits.media.sound import known_sound
from cloud.web.elder import store as elder_store
from cloud.web.elder.pages import person_of
from cloud.web.language import N_
from cloud.web.media.api import file_body
from cloud.web.media.uploads import VOICE_BYTES
from cloud.web.services import services_of

router = APIRouter(tags=["elder"])


@router.post(
    "/e/{token}/visits/{visit_id}/voice",
    max_body_size=VOICE_BYTES,
    openapi_extra=file_body("audio/webm", "audio/ogg", "audio/mp4"),
    status_code=201,
)
async def say(request: Request, token: str, visit_id: int) -> Response:
    """Takes the place of what was said of this visit before."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        person = await person_of(request, conn, token)
        if not await elder_store.may_assess(conn, person.elder_id, visit_id):
            raise NotFound("There is no such visit of yours to speak of.")
        if not await store.agreed(conn, visit_id, MediumKind.VOICE):
            raise Conflict(N_("You have not agreed that your voice is kept."))
        try:
            heard = known_sound(await request.body())
        except BadMedium as error:
            raise HTTPException(422, str(error)) from error
        await store.keep_voice(conn, uuid4(), visit_id, heard, now=services.now)
    return JSONResponse({"kept": True}, status_code=201)
