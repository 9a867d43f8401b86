"""The site as one application: routers, errors, headers. Nothing is opened here."""

from typing import Any

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from cloud.web.account import api as account_api
from cloud.web.account import looks as account_looks
from cloud.web.account import pages as account_pages
from cloud.web.answers import MAX_BODY_BYTES
from cloud.web.audit import pages as audit_pages
from cloud.web.audit.noting import Noting
from cloud.web.board import api as board_api
from cloud.web.board import pages as board_pages
from cloud.web.card import pages as card_pages
from cloud.web.consent import copies as copies_pages
from cloud.web.consent import own as own_consents
from cloud.web.consent import pages as consent_pages
from cloud.web.demands import api as demands_api
from cloud.web.demands import pages as demands_pages
from cloud.web.dispatch import api as dispatch_api
from cloud.web.dispatch import pages as dispatch_pages
from cloud.web.dispatch.elders import pages as dispatch_elders
from cloud.web.dispatch.staffing import pages as staffing_pages
from cloud.web.elder import earlier as elder_earlier
from cloud.web.elder import pages as elder_pages
from cloud.web.elder import voice as elder_voice
from cloud.web.elder import wishes as elder_wishes
from cloud.web.elder import words as elder_words
from cloud.web.entry import api as entry_api
from cloud.web.entry import link_pages
from cloud.web.entry import oidc as entry_oidc
from cloud.web.entry import pages as entry_pages
from cloud.web.errors import map_errors
from cloud.web.family import pages as family_pages
from cloud.web.family import wishes as family_wishes
from cloud.web.fleet import pages as fleet_pages
from cloud.web.held import pages as held_pages
from cloud.web.homes import pages as homes_pages
from cloud.web.hours import banks as hours_banks
from cloud.web.hours import elder as hours_elder
from cloud.web.letters import pages as letters_pages
from cloud.web.live import stream
from cloud.web.media import api as media_api
from cloud.web.media import faces as media_faces
from cloud.web.nurse import api as nurse_api
from cloud.web.nurse import pages as nurse_pages
from cloud.web.proofs import pages as proofs_pages
from cloud.web.pushes import api as pushes_api
from cloud.web.pushes import pages as pushes_pages
from cloud.web.quality import pages as quality_pages
from cloud.web.record import pages as record_pages
from cloud.web.refusals import pages as refusals_pages
from cloud.web.regions import pages as regions_pages
from cloud.web.register import abilities as register_abilities
from cloud.web.register import api as register_api
from cloud.web.register import deeds as register_deeds
from cloud.web.register import pages as register_pages
from cloud.web.remote import pages as remote_pages
from cloud.web.security import Guard
from cloud.web.services import STATIC, Services
from cloud.web.shared.touching import Touching
from cloud.web.thresholds import pages as thresholds_pages
from cloud.web.unsure import api as unsure_api
from cloud.web.unsure import pages as unsure_pages
from cloud.web.volunteers import api as volunteers_api
from cloud.web.volunteers import own as volunteers_own
from cloud.web.volunteers import pages as volunteers_pages
from cloud.web.watch import Watch
from cloud.web.watch import router as watch_router

ROUTERS = (
    entry_pages.router,
    entry_api.router,
    entry_oidc.router,
    account_pages.router,
    account_api.router,
    account_looks.router,
    board_pages.router,
    board_api.router,
    quality_pages.router,
    regions_pages.router,
    card_pages.router,
    nurse_pages.router,
    nurse_api.router,
    dispatch_pages.router,
    staffing_pages.router,
    dispatch_elders.router,
    dispatch_api.router,
    demands_pages.router,
    demands_api.router,
    media_api.router,
    media_faces.router,
    register_pages.router,
    register_deeds.router,
    register_abilities.router,
    register_api.router,
    record_pages.router,
    thresholds_pages.router,
    held_pages.router,
    elder_pages.router,
    elder_wishes.router,
    elder_words.router,
    elder_voice.router,
    elder_earlier.router,
    link_pages.router,
    own_consents.router,
    copies_pages.router,
    family_pages.router,
    family_wishes.router,
    consent_pages.router,
    audit_pages.router,
    unsure_pages.router,
    unsure_api.router,
    fleet_pages.router,
    remote_pages.router,
    homes_pages.router,
    proofs_pages.router,
    letters_pages.router,
    refusals_pages.router,
    pushes_pages.router,
    pushes_api.router,
    volunteers_pages.router,
    volunteers_api.router,
    volunteers_own.router,
    hours_elder.router,
    hours_banks.router,
    stream.router,
    watch_router,
)


class Site(FastAPI):
    """FastAPI with the guard outside of everything, so that error pages carry its headers too."""

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack())


def create_app(services: Services) -> Site:
    """The site over `services`, which the caller opens before the first request and closes after the last."""
    app = _create_site()
    app.state.services = services
    return app


def openapi_document() -> dict[str, Any]:
    """The HTTP interface as an OpenAPI document, made from the routes; docs/openapi.json holds it."""
    return _create_site().openapi()


def _create_site() -> Site:
    app = Site(
        title="Doorstep",
        description="What a care centre's pages use. A session's cookie opens it, and unsafe methods need our Origin; "
        "or a token of `doorstep-cloud token new`, as `Authorization: Bearer`.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the documentation page of FastAPI loads scripts from elsewhere
        redoc_url=None,
        max_body_size=MAX_BODY_BYTES,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(Watch)
    app.add_middleware(Noting)
    app.add_middleware(Touching)
    map_errors(app)
    return app
