"""A copy of one's data by one touch: asked for here, made meanwhile, fetched once.

The elder and each of their family by their own link, and for an elder who asks in person, desk and administrator. The
file is not for whoever has an address: it goes to the link or the person that asked for it alone.
"""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.key_file import KeyRefused
from cloud.privacy import store as privacy_store
from cloud.privacy.copies import store
from cloud.privacy.copies.making import open_part
from cloud.privacy.copies.model import Asker, State
from cloud.privacy.model import Wish
from cloud.web.entry.current import signed_in, wall_now
from cloud.web.entry.links import Door, way_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.evidence.model import Person
from cloud.web.family import store as family_store
from cloud.web.family.model import Heading
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
CopyId = Annotated[int, Path(ge=1, lt=2**63)]
_LOOK_AGAIN_S = 3


@router.get("/e/{token}/copy")
async def own_copy(request: Request, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        person, asker = await _by_link(request, conn, "e", token)
        return await _page(request, conn, person, asker, back=f"/e/{token}/consent")


@router.post("/e/{token}/copy")
async def ask_own_copy(request: Request, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_link(request, conn, "e", token)
        await store.ask(conn, asker, wall_now())
    return see_other(f"/e/{token}/copy")


@router.post("/e/{token}/copy/{copy_id}")
async def fetch_own_copy(request: Request, token: str, copy_id: CopyId) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_link(request, conn, "e", token)
        return await _file(request, conn, asker, copy_id)


@router.get("/f/{token}/copy")
async def familys_copy(request: Request, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        person, asker = await _by_link(request, conn, "f", token)
        return await _page(request, conn, person, asker, back=f"/f/{token}")


@router.post("/f/{token}/copy")
async def ask_familys_copy(request: Request, token: str) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_link(request, conn, "f", token)
        await store.ask(conn, asker, wall_now())
    return see_other(f"/f/{token}/copy")


@router.post("/f/{token}/copy/{copy_id}")
async def fetch_familys_copy(request: Request, token: str, copy_id: CopyId) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_link(request, conn, "f", token)
        return await _file(request, conn, asker, copy_id)


@router.get("/elders/{elder_id}/copy")
async def copy_for_elder(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        person, asker = await _by_staff(conn, elder_id, viewer)
        return await _page(request, conn, person, asker, back=f"/elders/{elder_id}/consent", viewer=viewer)


@router.post("/elders/{elder_id}/copy")
async def ask_copy_for_elder(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_staff(conn, elder_id, viewer)
        await store.ask(conn, asker, wall_now())
    return see_other(f"/elders/{elder_id}/copy")


@router.post("/elders/{elder_id}/copy/{copy_id}")
async def fetch_copy_for_elder(request: Request, elder_id: int, copy_id: CopyId, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        _, asker = await _by_staff(conn, elder_id, viewer)
        return await _file(request, conn, asker, copy_id)


async def _by_link(request: Request, conn: AsyncConnection, door: Door, token: str) -> tuple[Person | Heading, Asker]:
    way = await way_in(request, conn, door, token)
    asker = Asker(way.elder_id, relative_id=way.relative_id)
    if door == "f":
        return await family_store.heading(conn, way.elder_id), asker
    return await evidence_store.person_of_link(conn, way.elder_id), asker


async def _by_staff(conn: AsyncConnection, elder_id: int, viewer: Viewer) -> tuple[Person, Asker]:
    person = await evidence_store.person(conn, elder_id, viewer.regions)
    return person, Asker(elder_id, staff_id=viewer.staff.staff_id)


async def _page(
    request: Request,
    conn: AsyncConnection,
    person: Person | Heading,
    asker: Asker,
    *,
    back: str,
    viewer: Viewer | None = None,
) -> Response:
    newest, maker = await store.newest(conn, asker), services_of(request).copies
    state = "" if newest is None else newest.state(wall_now()).value
    context: dict[str, Any] = {
        "person": person,
        "copy": newest,
        "state": state,
        "here": request.url.path,
        "back": back,
        "whose": "own" if viewer is None and asker.relative_id is None else "family" if viewer is None else "staff",
        "megabytes": max(0.1, (newest.size_bytes or 0) / 1e6) if newest is not None else 0,
    }
    answer = page(request, "copy.html", context, viewer=viewer, zone=ZoneInfo(person.time_zone))
    if state == State.WAITING:
        answer.headers["refresh"] = str(_LOOK_AGAIN_S)
        if maker is not None:
            maker.wake()
    return answer


async def _file(request: Request, conn: AsyncConnection, asker: Asker, copy_id: int) -> Response:
    """The file, once. What the elder asked of us is answered by it, unless it is one of the family who has it."""
    now, seal = wall_now(), services_of(request).seal
    parts = await store.fetch(conn, asker, copy_id, now)
    if asker.relative_id is None:
        await privacy_store.answer(conn, asker.elder_id, Wish.EXPORT, services_of(request).now)
    try:
        content = b"".join(open_part(seal, copy_id, place, part) for place, part in enumerate(parts))
    except KeyRefused as error:
        log.warning("copy_unreadable", copy_id=copy_id)
        raise NotFound("This copy is not here any more. Ask for a new one.") from error
    name = f"doorstep-{now:%Y-%m-%d}.zip"  # nobody's name stands in a list of downloads
    return Response(
        content, media_type="application/zip", headers={"content-disposition": f'attachment; filename="{name}"'}
    )
