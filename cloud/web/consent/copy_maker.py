"""Has the copies made that wait, on a thread beside the pages. A page that waits wakes it, so none is forgotten."""

import asyncio
import threading
from datetime import UTC, datetime

import structlog

from cloud.db.pool import DatabaseAway
from cloud.identity.sealing import Seal
from cloud.privacy.copies.making import make_waiting

log = structlog.get_logger()


class CopyMaker:
    """Call all of it on the loop."""

    def __init__(self, dsn: str, seal: Seal) -> None:
        self._dsn = dsn
        self._seal = seal
        self._stop = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """Something waits, perhaps."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._make())

    async def close(self) -> None:
        """Returns once the thread has left its work, which is soon."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _make(self) -> None:
        while self._again and not self._stop.is_set():
            self._again = False
            try:
                await asyncio.to_thread(make_waiting, self._dsn, self._seal, _wall_now, self._stop)
            except DatabaseAway as error:
                log.warning("database_away", what="copies", error=type(error).__name__)


def _wall_now() -> datetime:
    return datetime.now(UTC)
