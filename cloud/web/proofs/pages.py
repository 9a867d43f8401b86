"""Two ways to one page: by the home for staff, by the elder's link for the family. It prints on paper as it stands."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from cloud.db.pool import AsyncConnection
from cloud.db.sight import CENTRE, look_as
from cloud.errors import NotFound
from cloud.registry.proofs import store
from cloud.registry.proofs.model import StoredReport
from cloud.web.elder.pages import person_of
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.proofs.view import KINDS, WHAT, Proof, proof_of
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)


@router.get("/homes/{home_code}/proof")
async def proof_page(
    request: Request, home_code: Annotated[str, Path(max_length=80)], viewer: Annotated[Viewer, Depends(signed_in)]
) -> Response:
    async with services_of(request).pool.connection() as conn:
        address = await store.address_of(conn, home_code, viewer.regions)
        if address is None:
            raise NotFound(f"There is no home {home_code}.")
        stored = await store.report_of_home(conn, home_code, viewer.regions)
        proof, live_since = await _read(conn, stored)
    context = {
        "title": home_code,
        "address": address,
        "proof": proof,
        "live_since": live_since,
        "what": WHAT,
        "kinds": KINDS,
        "token": "",
    }
    zone = None if stored is None else ZoneInfo(stored.time_zone)
    return page(request, "proof.html", context, viewer=viewer, zone=zone)


@router.get("/e/{token}/proof")
async def own_proof_page(request: Request, token: str) -> Response:
    """What works in my home, and since when."""
    async with services_of(request).pool.connection() as conn:
        person = await person_of(request, conn, token)
        await look_as(conn, CENTRE)  # links see no gateways; this one is of the home of the elder whose link it is
        stored = await store.report_of_elder(conn, person.elder_id)
        proof, live_since = await _read(conn, stored)
    address = "" if stored is None else stored.address
    context = {
        "title": "",
        "address": address,
        "proof": proof,
        "live_since": live_since,
        "what": WHAT,
        "kinds": KINDS,
        "token": token,
    }
    return page(request, "proof.html", context, zone=ZoneInfo(person.time_zone))


async def _read(conn: AsyncConnection, stored: StoredReport | None) -> tuple[Proof | None, object]:
    """The report, and since when the home counts as live."""
    if stored is None:
        return None, None
    places = await store.places_of(conn, stored.gateway_id)
    return proof_of(stored, places), await store.live_since(conn, stored.gateway_id)
