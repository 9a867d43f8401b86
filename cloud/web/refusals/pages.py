"""The page of refusals: how often, of what kind, and when last. Nobody's name or address stands there."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.refusals import store
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)

KINDS = {
    "password": N_("wrong login or password"),
    "code": N_("wrong code of an app"),
    "link_code": N_("wrong code of a link"),
    "passkey": N_("passkey that opens nothing"),
    "too_many_tries": N_("too many tries, slowed down"),
    "session": N_("session or token that opens nothing"),
    "not_allowed": N_("not among what the role does"),
    "not_there": N_("not there, or another community's"),
    "other_site": N_("request of another site's page"),
    "form_mark": N_("form without the mark of its session"),
    "file": N_("file, or a kind of content that is not taken"),
    "too_large": N_("more than is read at once"),
    "not_understood": N_("request with something missing or wrong"),
    "host": N_("asked for under a name that is not this centre's"),
    "oidc_unknown": N_("known to the provider, and to nobody here"),
    "broker_certificate": N_("broker: certificate refused (foreign, expired or revoked)"),
    "broker_no_certificate": N_("broker: no certificate shown"),
    "broker_other_topic": N_("broker: a gateway wrote where it may not"),
    "broker_too_large": N_("broker: message too large"),
    "broker_not_mqtt": N_("broker: what came is not MQTT"),
}
_OIDC, _ENROLMENT = N_("provider's word does not hold"), N_("enrolment or renewal refused")


@router.get("/refusals")
async def refusals_page(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
    async with services_of(request).pool.connection() as conn:
        found = await store.refusals(conn, datetime.now(UTC))
    return page(request, "refusals.html", {"refused": [(said(each.kind), each) for each in found]}, viewer=viewer)


def said(kind: str) -> tuple[str, str]:
    """What a kind is called, and the word behind it where several are called the same."""
    first, _, rest = kind.partition("_")
    if kind in KINDS:
        return KINDS[kind], ""
    return {"oidc": _OIDC, "enrolment": _ENROLMENT}.get(first, kind), rest
