"""Whether the database answers, known before each request has waited for it in vain."""

import asyncio

import structlog

from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.process import Health
from cloud.tasks import end

log = structlog.get_logger()

ANSWER_S = 3.0
"""A database that takes longer is away."""
_TRY_S = 0.5


class DatabaseWatch:
    """Belongs to the event loop of the web process."""

    def __init__(self, pool: AsyncPool, health: Health) -> None:
        self._pool = pool
        self._health = health
        self._trying: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        return self._trying is not None

    def lost(self) -> None:
        """Somebody asked the database in vain. It is asked again in the background, until it answers."""
        if self._trying is None:
            log.warning("database_away", what="pages live from memory, takes from the desk's journal")
            self._health.ill("database", "the database does not answer")
            self._trying = asyncio.create_task(self._try())

    async def close(self) -> None:
        if self._trying is not None:
            await end([self._trying])

    async def _try(self) -> None:
        while True:
            await asyncio.sleep(_TRY_S)
            try:
                async with asyncio.timeout(ANSWER_S), self._pool.connection(timeout=ANSWER_S) as conn:
                    await conn.execute("SELECT 1")
            except (DatabaseAway, TimeoutError):
                continue
            log.info("database_back")
            self._health.healthy("database")
            self._trying = None
            return
