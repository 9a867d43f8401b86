"""Dead letters, for the administrator."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from cloud.db.pool import own_connection
from cloud.errors import NotAllowed
from cloud.readings.letters.hexdump import hexdump
from cloud.readings.letters.replay import replay
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.letters import store
from cloud.web.render import page, see_other
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


@router.post("/dead-letters/{dead_letter_id}/replay")
async def try_again(
    request: Request,
    dead_letter_id: Annotated[int, Path(ge=1, lt=2**63)],
    viewer: Annotated[Viewer, Depends(signed_in)],
) -> Response:
    """The letter goes the way of a fresh one again; taken, it leaves the page, and refused, it stays with why."""
    if viewer.staff.role != "administrator":
        raise NotAllowed(N_("Dead letters are for the administrator."))
    services = services_of(request)
    await asyncio.to_thread(_replay, services.config.database.dsn, dead_letter_id, services.now)
    return see_other(f"/dead-letters#letter-{dead_letter_id}")


def _replay(dsn: str, dead_letter_id: int, now: datetime) -> None:
    with own_connection(dsn, "web-letters") as connection:
        replay(connection, dead_letter_id, now)
