"""The one place where what went wrong becomes an HTTP code and a page: what happened, what was kept, what to do."""

from dataclasses import dataclass
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from cloud.db.pool import DatabaseAway, Unstorable
from cloud.errors import CloudError, Conflict, NotAllowed, NotFound
from cloud.identity.second.passkeys import PasskeyRefused
from cloud.identity.tries.model import TooManyTries
from cloud.refusals.counting import count_refusal
from cloud.web.entry.bearer import bearer_of
from cloud.web.entry.csrf import SESSION_COOKIE
from cloud.web.entry.own_path import own_path
from cloud.web.language import N_
from cloud.web.render import language_of, page, see_other

log = structlog.get_logger()


class NotSignedIn(Exception):
    """There is no session, or it has ended."""


class NotStoredYet(Exception):
    """An alarm stands on the board and its row does not: the database is slow or away."""


class CodeNeeded(Exception):
    """Login and password are right, and a code of their app is to be shown too."""


class LinkCodeNeeded(Exception):
    """The link is right, and this browser has not shown the code beside it. `page` asks for it."""

    def __init__(self, page: str) -> None:
        super().__init__("the code beside the link is needed")
        self.page = page


class SecondFactorNeeded(Exception):
    """The centre wants a second factor of people of this role, and they showed none."""


@dataclass(frozen=True)
class Words:
    title: str
    kept: str
    todo: str


_WORDS = {
    400: Words(N_("That was not understood"), N_("Nothing was changed."), N_("Go back and try again.")),
    401: Words(N_("Please sign in"), N_("Nothing was changed."), N_("Sign in and try again.")),
    403: Words(N_("This is not yours to do"), N_("Nothing was changed."), N_("Ask the desk or an administrator.")),
    404: Words(
        N_("There is nothing here for you"),
        N_("Nothing was changed."),
        N_("Check the address, or begin at the start page."),
    ),
    409: Words(
        N_("Somebody was faster"),
        N_("Nothing was changed by you; what the other did stands."),
        N_("Open the page anew: it then shows how it is now."),
    ),
    422: Words(
        N_("Something in it is missing or wrong"), N_("Nothing was changed."), N_("Correct it and send it again.")
    ),
    429: Words(
        N_("Too many tries"),
        N_("Nothing was changed."),
        N_("Wait a minute, then try again. An administrator can set a new password."),
    ),
    500: Words(
        N_("Something broke on our side"),
        N_("What was saved before is kept; this one step was not done."),
        N_("Try again in a moment. If it stays like this, tell the administrator the time."),
    ),
    503: Words(
        N_("The centre's database does not answer"),
        N_("Alarms still arrive and readings are kept in the homes; this one step was not done."),
        N_("Try again in a moment."),
    ),
}
_ELDER = {
    404: Words(N_("This page does not open"), "", N_("Please ask the care centre for your link.")),
    500: Words(
        N_("That did not work just now"), "", N_("Please try again. If you need help at once, press your button.")
    ),
}
"""What an elder is told: that it did not work, and what always does."""
_CODES: dict[type[CloudError], int] = {NotFound: 404, Conflict: 409, NotAllowed: 403, PasskeyRefused: 401}


_REFUSALS = {
    403: "not_allowed",
    404: "not_there",
    405: "not_understood",
    413: "too_large",
    415: "file",
    422: "not_understood",
    429: "too_many_tries",
}


def speaks_json(request: Request) -> bool:
    return request.url.path.startswith("/api/") or "application/json" in (
        request.headers.get("accept", "") + request.headers.get("content-type", "")
    )


def failure(request: Request, code: int, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """The page or JSON for `code`; `detail` is one sentence more."""
    if (kind := _REFUSALS.get(code)) is not None:
        count_refusal(kind)
    words = _WORDS.get(code, _WORDS[400 if code < 500 else 500])
    language = language_of(request)
    title, kept, todo = (language.gettext(text) for text in (words.title, words.kept, words.todo))
    answer: Response
    if request.url.path.startswith(("/e/", "/f/")) and not speaks_json(request):
        said = _ELDER[404 if code == 404 else 500]
        back = "/".join(request.url.path.split("/")[:3])
        context = {"title": language.gettext(said.title), "todo": language.gettext(said.todo), "back": back}
        answer = page(request, "elder_error.html", {"code": code, **context}, status_code=code)
    elif speaks_json(request):
        body = {"error": title, "detail": detail, "kept": kept, "todo": todo}
        answer = JSONResponse(body, status_code=code)
    else:
        answer = page(
            request,
            "error.html",
            {"code": code, "title": title, "detail": detail, "kept": kept, "todo": todo},
            status_code=code,
        )
    answer.headers.update(headers or {})
    return answer


def map_errors(app: FastAPI) -> None:
    """Gives `app` its handlers."""

    async def cloud_error(request: Request, error: Exception) -> Response:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), 400)
        if isinstance(error, PasskeyRefused):
            count_refusal("passkey")
        detail = language_of(request).gettext(str(error)) if code == 403 else str(error)
        return failure(request, code, detail)

    async def not_signed_in(request: Request, _error: Exception) -> Response:
        if SESSION_COOKIE in request.cookies or bearer_of(request.headers):
            count_refusal("session")
        if speaks_json(request) or request.method != "GET":
            return failure(request, 401)
        return see_other(f"/login?next={quote(own_path(request.url.path))}")

    async def link_code_needed(request: Request, error: Exception) -> Response:
        assert isinstance(error, LinkCodeNeeded)  # noqa: S101 - registered for it alone
        return failure(request, 401) if speaks_json(request) else see_other(error.page)

    async def code_needed(request: Request, _error: Exception) -> Response:
        return failure(request, 401, language_of(request).gettext(N_("A code of your app is needed too.")))

    async def second_factor_needed(request: Request, _error: Exception) -> Response:
        if speaks_json(request) or request.method != "GET":
            said = N_("Your role needs a second factor: set one up on your account's page.")
            return failure(request, 403, language_of(request).gettext(said))
        return see_other("/account")

    async def too_many(request: Request, error: Exception) -> Response:
        assert isinstance(error, TooManyTries)  # noqa: S101 - registered for it alone
        return failure(request, 429, headers={"retry-after": f"{error.wait_s:.0f}"})

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
        return failure(request, 422, "; ".join(_place_and_fault(fault) for fault in error.errors()))

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
        return failure(request, error.status_code, headers=dict(error.headers or {}))

    async def database_away(request: Request, error: Exception) -> Response:
        log.warning("database_away", what="a page", error=type(error).__name__)
        return failure(request, 503, headers={"retry-after": "5"})

    async def unstorable(request: Request, error: Exception) -> Response:
        log.warning("unstorable", route=_route(request), error=type(error).__name__, exc_info=error)
        return failure(request, 422)

    async def fault(request: Request, error: Exception) -> Response:
        log.error("page_failed", route=_route(request), error=type(error).__name__, exc_info=error)
        return failure(request, 500)

    app.add_exception_handler(CloudError, cloud_error)
    app.add_exception_handler(NotSignedIn, not_signed_in)
    app.add_exception_handler(LinkCodeNeeded, link_code_needed)
    app.add_exception_handler(CodeNeeded, code_needed)
    app.add_exception_handler(SecondFactorNeeded, second_factor_needed)
    app.add_exception_handler(TooManyTries, too_many)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(DatabaseAway, database_away)
    app.add_exception_handler(NotStoredYet, database_away)
    app.add_exception_handler(Unstorable, unstorable)
    app.add_exception_handler(Exception, fault)


def _place_and_fault(fault: dict[str, object]) -> str:
    place = fault.get("loc")
    where = ".".join(str(part) for part in place if part != "body") if isinstance(place, tuple) else ""
    return f"{where}: {fault.get('msg', '')}" if where else str(fault.get("msg", ""))


def _route(request: Request) -> str:
    """The route's pattern: an elder's link must not stand in a log."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
