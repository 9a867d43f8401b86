"""Dead letters, for the administrator."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.errors import NotAllowed
from cloud.readings.letters.hexdump import hexdump
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.letters import store
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
SHOWN_BYTES = 1024


@router.get("/dead-letters")
async def letters_page(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    if viewer.staff.role != "administrator":
        raise NotAllowed(N_("Dead letters are for the administrator."))
    async with services_of(request).pool.connection() as conn:
        found = await store.letters(conn, before, SHOWN_BYTES)
        count = await store.count(conn)
    context = {
        "letters": [(letter, hexdump(letter.payload)) for letter in found],
        "count": count,
        "more": found[-1].dead_letter_id if len(found) == store.PAGE_LETTERS else None,
    }
    return page(request, "dead_letters.html", context, viewer=viewer)
