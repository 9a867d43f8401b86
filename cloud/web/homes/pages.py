"""The installer's page: a home is made, and its code is shown once, with a QR that the gateway's command takes."""

import asyncio
from datetime import datetime
from typing import Annotated, NamedTuple

import segno
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from cloud.config import CloudConfig
from cloud.db.pool import own_connection
from cloud.errors import Conflict, NotFound
from cloud.identity.authority.files import AuthorityFolder
from cloud.identity.claims.store import draw_claim
from cloud.registry.new_home.store import make_home
from cloud.web.entry.current import about, signed_in, wall_now
from cloud.web.entry.model import Viewer
from cloud.web.homes import store
from cloud.web.language import N_
from cloud.web.render import page
from cloud.web.services import services_of
from protocols.enrolment.code import ClaimCode
from protocols.enrolment.link import ClaimLink

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


class _Drawn(NamedTuple):
    gateway: str
    ends_at: datetime
    link: ClaimLink


SignedIn = Annotated[Viewer, Depends(signed_in)]


@router.get("/homes/new")
async def new_home_page(request: Request, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        choices = await store.communities(conn, viewer.regions)
    return page(request, "home_new.html", {"communities": choices}, viewer=viewer)


@router.post("/homes/new")
async def make_new_home(
    request: Request,
    viewer: SignedIn,
    community: Annotated[str, Form(min_length=1, max_length=40)],
    address: Annotated[str, Form(min_length=1, max_length=200)],
    elder: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Home, gateway and code in one step."""
    config = services_of(request).config
    async with services_of(request).pool.connection() as conn:
        if community not in {choice.code for choice in await store.communities(conn, viewer.regions)}:
            raise NotFound("There is no such community.")

    def make() -> _Drawn:
        with own_connection(config.database.dsn, "web-homes") as connection, connection.transaction():
            _, gateway = make_home(connection, community=community, address=address.strip(), elder=elder.strip())
            code, ends_at = draw_claim(connection, gateway, wall_now())
            return _Drawn(gateway, ends_at, _link(config, code))

    return await _claimed(request, viewer, await asyncio.to_thread(make))


@router.post("/gateways/{gateway_id}/claim")
async def claim_again(request: Request, gateway_id: str, viewer: SignedIn) -> Response:
    """A new code for a new machine, or for one that was away for too long. The code before ends."""
    config = services_of(request).config
    async with services_of(request).pool.connection() as conn:
        if not await store.has_gateway(conn, gateway_id, viewer.regions):
            raise NotFound("There is no such gateway.")

    def draw() -> _Drawn:
        with own_connection(config.database.dsn, "web-homes") as connection, connection.transaction():
            code, ends_at = draw_claim(connection, gateway_id, wall_now())
            return _Drawn(gateway_id, ends_at, _link(config, code))

    return await _claimed(request, viewer, await asyncio.to_thread(draw))


async def _claimed(request: Request, viewer: Viewer, drawn: _Drawn) -> Response:
    about(request, drawn.gateway)
    log.info("claim_drawn", gateway=drawn.gateway, staff_id=viewer.staff.staff_id)  # never the code
    qr = await asyncio.to_thread(lambda: segno.make(str(drawn.link), micro=False).svg_data_uri(scale=5, light="white"))
    context = {"drawn": drawn, "code": str(drawn.link.code), "server": drawn.link.server, "qr": qr}
    return page(request, "home_claim.html", context, viewer=viewer)


def _link(config: CloudConfig, code: ClaimCode) -> ClaimLink:
    """Raises Conflict where this centre gives no certificates, or has no authority yet."""
    if not config.trust.names:
        raise Conflict(N_("This centre gives no certificates: its configuration names no address for gateways."))
    try:
        pem = AuthorityFolder(config.authority_folder).certificate.read_bytes()
        fingerprint = x509.load_pem_x509_certificate(pem).fingerprint(SHA256()).hex()
    except (OSError, ValueError) as error:
        raise Conflict(N_("This centre's authority cannot be read here.")) from error
    name = config.trust.names[0]
    host = f"[{name}]" if ":" in name else name
    return ClaimLink(f"https://{host}:{config.trust.enrol_port}", code, fingerprint)
