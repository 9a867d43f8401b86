"""The services' loops, beside those of the visits in one process: hours that go back, hours that expire, letters."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import structlog

from cloud.config import CloudConfig
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool
from cloud.key_file import KeyRefused
from cloud.process import Process, run_worker
from cloud.services.time_bank.commands import expire, release_left
from cloud.services.time_bank.transfers.carrying import carry
from cloud.services.time_bank.transfers.commands import give_back_overdue
from cloud.services.time_bank.transfers.key import Bank, open_bank
from cloud.time_bank_config import TimeBank
from cloud.visits.worker import work

log = structlog.get_logger()

_DAYS_OF_MONTH = 30.44


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM."""
    run_worker("visits", config, _work, port=config.visits.port, away=(DatabaseAway,))


def _work(process: Process) -> None:
    work(process, _time_bank)


async def _time_bank(process: Process) -> None:
    """Nothing that goes wrong here keeps anybody from an elder's door: it is said, and tried again."""
    config = process.config
    async with (
        create_async_pool(config.database.dsn, "time-bank", size=1) as pool,
        httpx.AsyncClient(follow_redirects=False, trust_env=False) as client,
    ):
        while True:
            try:
                bank = await asyncio.to_thread(open_bank, config.time_bank, Path(config.data))
                await look(pool, client, bank, process.clock.now(), config.time_bank)
            except DatabaseAway as error:
                log.warning("database_away", what="time-bank", error=type(error).__name__)
            except KeyRefused as error:
                log.warning("time_bank_key", what=str(error))
            except Exception as error:
                log.exception("time_bank_failed", error=type(error).__name__)
            await asyncio.sleep(config.time_bank.poll_s)


async def look(pool: AsyncPool, client: httpx.AsyncClient, bank: Bank, now: datetime, policy: TimeBank) -> None:
    """One look at the ledger. Whoever looks twice changes nothing more. Raises DatabaseAway."""
    async with pool.connection() as connection:
        await release_left(connection, now)
    if policy.expire_months:
        cutoff = now - timedelta(days=policy.expire_months * _DAYS_OF_MONTH)
        async with pool.connection() as connection:
            await expire(connection, cutoff.replace(hour=0, minute=0, second=0, microsecond=0), now)
    async with pool.connection() as connection:
        await give_back_overdue(connection, bank, now)
    while await carry(pool, client, bank, now):
        pass
