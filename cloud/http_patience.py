"""HTTP for strangers: who does not say what they want within a time is shown out, and holds no place for ever.

uvicorn waits without end for a first request, and for whatever of a request is still to come.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S = 20.0


class PatientProtocol(H11Protocol):
    """A request has to be in, head and body, so long after the connection or the answer before it."""

    request_within_s = REQUEST_WITHIN_S
    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin()

    def _begin(self) -> None:
        self._end()
        self._hurry = self.loop.call_later(self.request_within_s, self._look)

    def _end(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _look(self) -> None:
        self._hurry = None
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            self.transport.close()
