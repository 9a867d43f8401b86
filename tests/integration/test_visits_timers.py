"""Timers in the database: set with their transaction, called when due, not forgotten by a killed process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloud.db.jobs import run_timers, set_timer
from cloud.db.pool import AsyncPool, create_async_pool
from cloud.tasks import end
from tests.integration.care import rows_of

pytestmark = pytest.mark.integration

SOON = timedelta(seconds=0.2)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_async_pool(database, "test", size=3) as opened:
        yield opened


async def first_call(pool: AsyncPool) -> str:
    """Runs the timers until one is called; gives its argument."""
    called: asyncio.Queue[str] = asyncio.Queue()

    async def ring(word: str) -> None:
        called.put_nowait(word)

    task = asyncio.create_task(run_timers(pool, "test", {"ring": ring}, poll_s=0.1))
    try:
        return await asyncio.wait_for(called.get(), 20)
    finally:
        await end([task])


async def test_a_timer_goes_with_its_transaction(pool: AsyncPool) -> None:
    due = datetime.now(UTC) + SOON
    with contextlib.suppress(ZeroDivisionError):
        async with pool.connection() as connection, connection.transaction():
            await set_timer(connection, "test", "ring", due, word="never")
            raise ZeroDivisionError
    async with pool.connection() as connection, connection.transaction():
        await set_timer(connection, "test", "ring", due + SOON, word="in time")
    assert await first_call(pool) == "in time"
    assert datetime.now(UTC) >= due + SOON


async def test_what_a_killed_process_had_begun_is_called_again(database: str, pool: AsyncPool) -> None:
    async with pool.connection() as connection, connection.transaction():
        await set_timer(connection, "test", "ring", datetime.now(UTC), word="again")
    with psycopg.connect(database) as connection_of_the_dead:
        connection_of_the_dead.execute(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
            "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead"
        )
    assert await first_call(pool) == "again"
    assert rows_of(database, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
