"""The loop of `doorstep-cloud scaip`: alarms go on to an alarm-receiving centre, beside our own desk."""

import asyncio
from datetime import timedelta

import structlog

from cloud.alarms.scaip.forwarding import QUEUE, SEND, Forwarding
from cloud.alarms.scaip.line import TcpLine
from cloud.config import CloudConfig
from cloud.db.jobs import run_timers
from cloud.db.listen import listen
from cloud.db.names import ALARM
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool
from cloud.process import Process, run_worker, side_by_side
from protocols.alarm.kinds import CALLS, AlarmKind
from protocols.configuration import ConfigurationError

log = structlog.get_logger()

_IDLE_S = 2.0
_POLL_S = 0.25
_SIDE_BY_SIDE = 8
_LONGEST_PREFIX = 10
_NEWS = timedelta(hours=1)
"""Older calls were the desk's alone while this stage was away."""


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ConfigurationError before anything starts."""
    _lines(config)
    run_worker("scaip", config, work, port=config.scaip.port, away=(DatabaseAway,))


def work(process: Process) -> None:
    """The loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    config = process.config
    async with create_async_pool(config.database.dsn, "scaip") as pool:
        forwarding = Forwarding(pool, process.clock, _lines(config), config.scaip.controller_prefix)
        await side_by_side(
            process,
            _find_new(process, pool, forwarding),
            run_timers(pool, QUEUE, {SEND: forwarding.send}, poll_s=_POLL_S, at_once=_SIDE_BY_SIDE),
        )


def _lines(config: CloudConfig) -> list[TcpLine]:
    if not config.scaip.receivers:
        raise ConfigurationError("scaip.receivers: name one receiving centre or more, such as tls://arc.example:5061")
    prefix = config.scaip.controller_prefix
    if len(prefix) > _LONGEST_PREFIX or not (prefix.isascii() and (prefix.isdecimal() or not prefix)):
        raise ConfigurationError(f"scaip.controller_prefix: expected at most {_LONGEST_PREFIX} figures, got {prefix!r}")
    authority = str(config.beside(config.scaip.authority)) if config.scaip.authority else ""
    return [TcpLine(url, authority) for url in config.scaip.receivers]


async def _find_new(process: Process, pool: AsyncPool, forwarding: Forwarding) -> None:
    technical = [kind for kind in AlarmKind if not kind.is_call and kind is not AlarmKind.DRILL]
    kinds = [kind.value for kind in (*CALLS, *(technical if process.config.scaip.technical else ()))]
    async for _ in listen(process.config.database.dsn, [ALARM], "scaip", idle_s=_IDLE_S):
        try:
            async with pool.connection() as connection:
                since = process.clock.now() - _NEWS
                while await forwarding.add_new(connection, since, kinds):
                    pass
            process.healthy("database")
        except DatabaseAway as error:
            process.ill("database", "the database is away")
            log.warning("database_away", what="nothing is forwarded", error=type(error).__name__)
