"""After a deed no page of the same regions is answered from what was there before it."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.web.entry.current import regions_of
from cloud.web.services import services_of

_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


class Touching:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _LOOKS:
            await self._app(scope, receive, send)
            return

        async def send_touched(message: Message) -> None:
            if message["type"] == "http.response.start":  # all is committed, and nobody knows of it yet
                request = Request(scope)
                services_of(request).answers.touch(regions_of(request))
            await send(message)

        await self._app(scope, receive, send_touched)
