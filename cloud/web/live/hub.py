"""One event in, every open page out. Nothing here waits: a page that cannot keep up is dropped and comes back.

All methods belong to the event loop of the web process; the broker's thread comes in through `call_soon_threadsafe`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from prometheus_client import Counter, Gauge

from cloud.web.live.model import LiveEvent

PATIENCE_EVENTS = 256
"""Events that may wait for one slow page."""
HEARTBEAT_S = 15.0
_HEARTBEAT = b": still here\n\n"
_HELLO = b"retry: 1000\n: the board's live events\n\n"

pages_open = Gauge("doorstep_web_pages_listening", "Pages that listen to live events")
events_sent = Counter("doorstep_web_events", "Live events, by kind", ["kind"])
pages_dropped = Counter("doorstep_web_pages_dropped", "Pages dropped because they were too slow")


class _Page:
    def __init__(self, regions: frozenset[int]) -> None:
        self.regions = regions
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.dropped = False


class Hub:
    def __init__(self, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._pages: set[_Page] = set()
        self._first: list[Callable[[LiveEvent], None]] = []
        self._heartbeat_s = heartbeat_s
        self._closed = False

    def __len__(self) -> int:
        return len(self._pages)

    def publish(self, event: LiveEvent) -> None:
        """To every page whose viewer may see the event's region."""
        events_sent.labels(event.kind).inc()
        for hear in self._first:
            hear(event)
        for page in list(self._pages):
            if event.region_id is None or event.region_id in page.regions:
                self._hand(page, event.wire)

    def tell_first(self, hear: Callable[[LiveEvent], None]) -> None:
        """Of every event, before any page has it."""
        self._first.append(hear)

    async def listen(self, regions: frozenset[int]) -> AsyncIterator[bytes]:
        """The stream of one page, until the hub closes or the page is dropped."""
        page = _Page(regions)
        if self._closed:
            return
        self._pages.add(page)
        pages_open.inc()
        try:
            yield _HELLO
            while not page.dropped:
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        wire = await page.waiting.get()
                except TimeoutError:
                    yield _HEARTBEAT
                    continue
                if wire is None:
                    return
                yield wire
        finally:
            self._pages.discard(page)
            pages_open.dec()

    def close(self) -> None:
        """Ends every stream, so that the server can stop."""
        self._closed = True
        for page in self._pages:
            page.waiting.put_nowait(None)

    def _hand(self, page: _Page, wire: bytes) -> None:
        if page.waiting.qsize() < PATIENCE_EVENTS:
            page.waiting.put_nowait(wire)
            return
        page.dropped = True
        page.waiting.put_nowait(None)
        self._pages.discard(page)
        pages_dropped.inc()
