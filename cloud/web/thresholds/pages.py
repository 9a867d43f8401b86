"""What one elder is judged by: which figures are their own, why, by whose word, and the way back."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cloud.detection.outcomes.moving import BY_OUTCOMES
from cloud.errors import Conflict
from cloud.web.answers import Line, done, posted
from cloud.web.consent.sharing import must_be_shown
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.language import N_
from cloud.web.render import language_of, page
from cloud.web.services import services_of
from cloud.web.thresholds import store
from cloud.web.thresholds.view import WIDTH, ShownFigure, shown
from cloud.web.words import RULES

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
SignedIn = Annotated[Viewer, Depends(signed_in)]
RowId = Annotated[int, Path(ge=0, le=2**63 - 1)]
ENDED_WHYS = {"other verdicts": N_("what nurses said has changed")}
"""What the detector writes of its own."""


class TakeBack(BaseModel):
    why: Annotated[Line, Field(min_length=1, max_length=200)]


@router.get("/elders/{elder_id}/limits")
async def limits_page(request: Request, elder_id: int, viewer: SignedIn) -> Response:
    services = services_of(request)
    lines = services.limit_lines
    since = services.now - timedelta(days=lines.outcomes.days)
    async with services.pool.connection() as conn:
        await must_be_shown(conn, viewer, elder_id)
        person = await evidence_store.person(conn, elder_id, viewer.regions)
        figures = await store.own_figures(conn, elder_id)
        said = await store.outcomes(conn, elder_id, since)
        bands = await evidence_store.bands(conn, elder_id)
    own = shown(figures, said, lines.movable)
    context = {
        "person": person,
        "standing": [one for one in own if one.figure.ended_at is None],
        "ended": [_in_words(request, one) for one in own if one.figure.ended_at is not None],
        "bands": [bands[metric] for metric in sorted(bands)],
        "settings": lines.outcomes,
        "rule_words": RULES,
        "by_outcomes": BY_OUTCOMES,
        "width": WIDTH,
        "signed_limits": lines.signed,
    }
    return page(request, "thresholds.html", context, viewer=viewer, zone=ZoneInfo(person.time_zone))


@router.post("/elders/{elder_id}/limits/{override_id}/end")
async def end_limit(request: Request, elder_id: int, override_id: RowId, viewer: SignedIn) -> Response:
    """The centre's figure holds again; what nurses say from then on may move it anew."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        await evidence_store.person(conn, elder_id, viewer.regions)
        wish = await posted(request, TakeBack)
        ended = await store.take_back(conn, elder_id, override_id, at=services.now, by=viewer.staff.name, why=wish.why)
    if not ended:
        raise Conflict(language_of(request).gettext("This figure is not in force any more."))
    log.info("limit_taken_back", elder_id=elder_id, override_id=override_id, staff_id=viewer.staff.staff_id)
    return done(request, {"override_id": override_id}, f"/elders/{elder_id}/limits")


def _in_words(request: Request, one: ShownFigure) -> ShownFigure:
    """What the detector wrote of its own, in the reader's language."""
    why = one.figure.ended_why or ""
    said = language_of(request).gettext(ENDED_WHYS[why]) if why in ENDED_WHYS else why
    return replace(one, figure=replace(one.figure, ended_why=said))
