"""Signing in by the centre's OpenID provider: out, back, and signing out there too."""

from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.errors import NotFound
from cloud.identity.oidc import store
from cloud.identity.oidc.model import BACK_PATH, Ask, Known, ProviderAway, ProviderRefused
from cloud.identity.oidc.provider import ASK_LASTS, Provider
from cloud.identity.second import store as second_store
from cloud.identity.store import token_hash
from cloud.identity.tries import store as tries_store
from cloud.key_file import KeyRefused
from cloud.refusals.counting import count_refusal
from cloud.web.entry.current import wall_now
from cloud.web.entry.own_path import own_path
from cloud.web.entry.signing_in import (
    Half,
    Opened,
    address_of,
    begin_try,
    open_for,
    remember,
    remember_half,
)
from cloud.web.render import page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()

ASK_COOKIE = "doorstep-oidc"
_COOKIE_PATH = "/login/oidc"
_SEALED_FOR = "oidc-ask"
_Text = Annotated[str, Query(max_length=4000)]


@router.get("/login/oidc")
async def begin(request: Request, next: str = "") -> Response:
    """To the provider. The browser keeps, sealed, what its answer must fit."""
    provider = _provider(request)
    try:
        address, made = await provider.begin(own_path(next), wall_now())
    except ProviderAway as error:
        log.warning("oidc_away", error=str(error))
        return _refused(request, provider, "away")
    answer = see_other(address)
    services = services_of(request)
    answer.set_cookie(
        ASK_COOKIE,
        services.seal.close(msgspec.json.encode(made), _SEALED_FOR).hex(),
        max_age=int(ASK_LASTS.total_seconds()),
        path=_COOKIE_PATH,
        httponly=True,
        samesite="lax",  # it comes back by a link from the provider's site
        secure=services.config.web.secure_cookies,
    )
    return answer


@router.get(BACK_PATH)
async def back(request: Request, code: _Text = "", state: _Text = "", iss: _Text = "", error: _Text = "") -> Response:
    """From the provider: a session, or the login page that says why not. What was asked is answered once."""
    provider = _provider(request)
    try:
        made = _asked(request, state, denied=bool(error) or not code)
        async with services_of(request).pool.connection() as conn:
            numbers = await begin_try(request, conn)
        known = await provider.end(made, code, iss, wall_now())
        found = await _signed_in(request, provider, known, numbers)
    except ProviderAway as away:
        log.warning("oidc_away", error=str(away))
        return _refused(request, provider, "away")
    except ProviderRefused as refused:
        count_refusal(f"oidc_{refused.why}")
        log.info("oidc_refused", why=refused.why, address=address_of(request))
        return _refused(request, provider, "refused")
    if isinstance(found, str):
        return _refused(request, provider, "unknown", subject=found)
    if isinstance(found, Half):
        return _done(request, remember_half(request, see_other(f"/login/code?next={made.next}"), found.token))
    return _done(request, remember(request, see_other(made.next or "/"), found.token))


@router.get("/login/oidc/out")
async def leave(request: Request) -> Response:
    """After signing out here: there too. A page, since a form's answer must not lead to another site."""
    provider = _provider(request)
    try:
        address = await provider.leave()
    except ProviderAway:
        address = ""
    if not address:
        return see_other("/login")
    answer = page(request, "login_oidc_out.html", {"address": address, "provider": provider.name})
    answer.headers["refresh"] = f"1;url={address}"
    return answer


def _provider(request: Request) -> Provider:
    found = services_of(request).provider
    if found is None:
        raise NotFound("this centre has no provider by which people sign in")
    return found


def _asked(request: Request, state: str, *, denied: bool) -> Ask:
    """What this browser went out with. Raises ProviderRefused: it did not, or not with this state, or long ago, or it
    came back with nothing."""
    sealed = request.cookies.get(ASK_COOKIE, "")
    try:
        opened = services_of(request).seal.open(bytes.fromhex(sealed), _SEALED_FOR)
        made = msgspec.json.decode(opened, type=Ask)
    except (KeyRefused, ValueError, msgspec.DecodeError) as error:
        raise ProviderRefused("state", "this browser did not ask") from error
    if made.ends_at <= wall_now() or made.state != state:
        raise ProviderRefused("state", "this is not what was asked")
    if denied:
        raise ProviderRefused("denied", "the provider let nobody in")
    return made


async def _signed_in(request: Request, provider: Provider, known: Known, tries: list[int]) -> Opened | Half | str:
    """A session; or what is missing: their second factor here, or who they are here (the subject)."""
    async with services_of(request).pool.connection() as conn:
        staff = await store.bound(conn, provider.issuer, known.subject)
        if staff is None:
            count_refusal("oidc_unknown")
            log.info("oidc_unknown", address=address_of(request))
            return known.subject
        await tries_store.succeeded(conn, tries)
        if not known.second_factor and await second_store.has_second_factor(conn, staff.staff_id):
            return Half(await second_store.open_half(conn, staff.staff_id, wall_now()))
        opened = await open_for(request, conn, staff.staff_id, second_factor=known.second_factor)
        await store.mark_session(conn, token_hash(opened.token))
        return opened


def _refused(request: Request, provider: Provider, why: str, *, subject: str = "") -> Response:
    code = {"away": 503, "refused": 401, "unknown": 403}[why]
    context = {"why": why, "provider": provider.name, "subject": subject}
    return _done(request, page(request, "login_oidc.html", context, status_code=code))


def _done(request: Request, answer: Response) -> Response:
    secure = services_of(request).config.web.secure_cookies
    answer.delete_cookie(ASK_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="lax", secure=secure)
    return answer
