"""Takes a process's counts to the database every few seconds; what could not be kept waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import structlog

from cloud.db.pool import AsyncPool, Connection, DatabaseAway
from cloud.refusals import store
from cloud.refusals.counting import give_back, take_counted
from cloud.tasks import end

log = structlog.get_logger()

KEPT_EVERY_S = 2.0


@contextlib.asynccontextmanager
async def refusals_kept(pool: AsyncPool, process: str) -> AsyncIterator[None]:
    """While the context lives, and once more at its end."""
    keeping = asyncio.create_task(_keep_on(pool, process))
    try:
        yield
    finally:
        await end([keeping])
        await keep(pool, process)


async def _keep_on(pool: AsyncPool, process: str) -> None:
    while True:
        await asyncio.sleep(KEPT_EVERY_S)
        await keep(pool, process)


async def keep(pool: AsyncPool, process: str) -> None:
    """Refusals are counted by the wall's clock, also where the day is lived faster."""
    if not (counted := take_counted()):
        return
    try:
        async with pool.connection(timeout=KEPT_EVERY_S) as conn:
            await store.add(conn, process, counted, datetime.now(UTC))
    except DatabaseAway as error:
        give_back(counted)
        log.warning("database_away", what="refusals wait to be kept", error=type(error).__name__)


def kept_blocking(connect: Callable[[], AbstractContextManager[Connection]], process: str) -> None:
    """For a process with threads. `connect` is asked only where there is something to keep.

    Raises DatabaseAway, and then nothing is lost.
    """
    if not (counted := take_counted()):
        return
    try:
        with connect() as connection:
            store.add_blocking(connection, process, counted, datetime.now(UTC))
    except DatabaseAway:
        give_back(counted)
        raise
