"""What every answer says to the browser, and which requests are refused before anything looks at them."""

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.web.entry.bearer import bearer_of

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Headers on every answer; unsafe methods only from our own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

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

        headers = Headers(scope=scope)
        # no page elsewhere can make a browser send a token, and where one is sent the cookie counts for nothing
        if scope["method"] not in _SAFE and bearer_of(headers) is None and not same_origin(headers):
            refusal = PlainTextResponse(
                "This request did not come from a page of this centre. Nothing was changed. Open the page anew.",
                status_code=403,
            )
            await refusal(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)


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
