"""What every answer says to the browser, and which requests are refused before anything looks at them."""

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.refusals.counting import count_refusal
from cloud.web.answers import MAX_BODY_BYTES
from cloud.web.entry.bearer import bearer_of
from cloud.web.entry.csrf import HEADER, fits, shown_in
from cloud.web.entry.current import COOKIE
from cloud.web.media.uploads import takes_file

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",  # an elder's page may hear: elder.pages
    "cross-origin-opener-policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"
_TAKEN = frozenset({"", _JSON, "application/x-www-form-urlencoded"})
_OPENS_SESSIONS = frozenset({"/login", "/login/code"})
"""What is entered there is what counts, not the session of before."""
_NOT_OURS = "This request did not come from a page of this centre. Nothing was changed. Open the page anew."


_ANY_NAME = frozenset({"/health", "/metrics"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Headers on every answer; unsafe methods only from our own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    answered.setdefault(name, value)
                if path.startswith("/static/"):
                    answered.setdefault("cache-control", "no-cache")
                else:
                    answered.setdefault("cache-control", "no-store")
                    answered.setdefault("x-robots-tag", "noindex, nofollow")
            await send(message)

        if path not in _ANY_NAME and not known_here(headers.get("host", ""), _address(scope)):
            count_refusal("host")
            said = PlainTextResponse("This centre is known by another address.", status_code=421)
            await said(scope, receive, send_guarded)
            return
        # no page elsewhere can make a browser send a bearer, and where one is sent the cookie counts for nothing
        if scope["method"] not in _SAFE and bearer_of(headers) is None:
            body = _Body(receive)
            refused = await _refusal(Request(scope), body)
            if refused is not None:
                await refused(scope, receive, send_guarded)
                return
            receive = body.again
        await self._app(scope, receive, send_guarded)


class _Body:
    """A request's body, read at most once, and read again by whom it is for."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: bytes | None = None

    async def read(self) -> bytes | None:
        """None: it is too large, or its sender went away."""
        parts, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size, more = size + len(parts[-1]), message.get("more_body", False)
            if size > MAX_BODY_BYTES:
                return None
        self._read = b"".join(parts)
        return self._read

    async def again(self) -> Message:
        if self._read is None:
            return await self._receive()
        body, self._read = self._read, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _refusal(request: Request, body: _Body) -> Response | None:
    """Why this unsafe request is not let in; None: it is."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_file = takes_file(request.url.path, kind)
    if kind not in _TAKEN and not is_file:
        count_refusal("file")
        return PlainTextResponse("Files and other kinds of content are not taken here.", status_code=415)
    if not same_origin(request.headers):
        count_refusal("other_site")
        return PlainTextResponse(_NOT_OURS, status_code=403)
    session = request.cookies.get(COOKIE, "")
    # no other site makes a browser send JSON or such a file: it would have to ask first, and we never answer that
    if kind == _JSON or is_file or not session or request.url.path in _OPENS_SESSIONS:
        return None
    shown = request.headers.get(HEADER)
    if shown is None:
        form = await body.read()
        if form is None:
            count_refusal("too_large")
            return PlainTextResponse("This is more than the centre reads at once.", status_code=413)
        shown = shown_in(form)
    if fits(session, shown):
        return None
    count_refusal("form_mark")
    return PlainTextResponse(_NOT_OURS, status_code=403)


def known_here(host: str, address: str) -> bool:
    """Whether the request's `Host` is this centre's address or this machine; where no address is configured, any is."""
    if not address:
        return True
    try:
        asked = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return asked is not None and (asked in _LOCAL or asked == urlsplit(address).hostname)


def _address(scope: Scope) -> str:
    """As people's browsers know this centre; empty: it is not said."""
    services = getattr(scope["app"].state, "services", None)
    return "" if services is None else str(services.config.web.address)


def same_origin(headers: Headers) -> bool:
    """Whether the browser says that the request comes from our own pages.

    `Sec-Fetch-Site` where the browser sends it; else `Origin` must name the host that was asked. A program that is no
    browser sends `Origin` itself.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None:
        return False
    return secrets.compare_digest(urlsplit(origin).netloc.encode(), headers.get("host", "").encode())
