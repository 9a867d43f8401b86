"""The loop of `doorstep-cloud escalation`: it watches over gateways, and tells people until somebody takes a call.

A process of its own: a push service that hangs keeps no alarm waiting.
"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import httpx
import structlog

from cloud.alarms.escalation import store, timers
from cloud.alarms.escalation.delivery.attempts import Attempts
from cloud.alarms.escalation.delivery.store import call_off
from cloud.alarms.escalation.model import Turn
from cloud.alarms.escalation.policy import load_policy, policy_path
from cloud.alarms.escalation.steps import Escalator
from cloud.alarms.supervision.watch import Supervision
from cloud.config import CloudConfig
from cloud.db.jobs import Timer, run_timers
from cloud.db.listen import listen
from cloud.db.names import ALARM, SILENCE
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool
from cloud.errors import NotFound
from cloud.process import Process, run_worker, side_by_side
from cloud.push.key import key_path, open_push_key

log = structlog.get_logger()

_IDLE_S = 2.0
_POLL_S = 0.5
_SIDE_BY_SIDE = 8
"""Messages on their way at the same time: one push service that hangs holds up no other."""
_AT_ONCE = 100


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises PolicyRefused and KeyRefused before anything starts."""
    load_policy(policy_path(config))
    open_push_key(key_path(config))
    run_worker("escalation", config, work, port=config.escalation.port, away=(DatabaseAway,))


def work(process: Process) -> None:
    """The loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    config = process.config
    policy = load_policy(policy_path(config))
    key = open_push_key(key_path(config))
    escalator = Escalator(policy, process.clock)
    log.info("policy", source=policy.source, rules=len(policy.rules))
    async with (
        create_async_pool(config.database.dsn, "escalation", size=6) as pool,
        httpx.AsyncClient(follow_redirects=False, trust_env=False) as client,
    ):
        attempts = Attempts(pool, policy, config.push, key, client)
        await side_by_side(
            process,
            Supervision(process, pool).watch(),
            _begin_new(process, pool, escalator),
            run_timers(
                pool,
                timers.QUEUE,
                {
                    timers.STEP: _step_timer(pool, escalator),
                    timers.ELSE_SMS: _else_timer(pool, escalator),
                    timers.DELIVER: attempts.deliver,
                },
                poll_s=_POLL_S,
                at_once=_SIDE_BY_SIDE,
            ),
        )


async def _begin_new(process: Process, pool: AsyncPool, escalator: Escalator) -> None:
    """Whatever put an alarm into the database, and however long ago: it is begun once."""
    async for _ in listen(process.config.database.dsn, [ALARM, SILENCE], "escalation", idle_s=_IDLE_S):
        try:
            while await begin_some(process, pool, escalator) == _AT_ONCE:
                pass
            process.healthy("database")
        except DatabaseAway as error:
            process.ill("database", "the database is away")
            log.warning("database_away", what="nobody is told", error=type(error).__name__)


async def begin_some(process: Process, pool: AsyncPool, escalator: Escalator) -> int:
    """Ends what is over and says so to whom it was pushed, begins what is new; how much was new."""
    async with pool.connection() as connection:
        async with connection.transaction():
            await store.end_finished(connection, process.clock.now())
            for notice_id in await call_off(connection):
                await timers.set_delivery(connection, notice_id, datetime.now(UTC))
            found = await store.new_occasions(connection, _AT_ONCE)
        for about, subject_id in found:
            async with connection.transaction():
                await escalator.begin(connection, about, subject_id)
    return len(found)


def _step_timer(pool: AsyncPool, escalator: Escalator) -> Timer:
    async def step(subject_id: str, round_: int, step: int) -> None:
        async with pool.connection() as connection, connection.transaction():
            try:
                await escalator.do_step(connection, Turn(UUID(subject_id), round_, step))
            except NotFound as error:
                log.info("escalation_gone", problem=str(error))

    return step


def _else_timer(pool: AsyncPool, escalator: Escalator) -> Timer:
    async def else_sms(subject_id: str, round_: int, step: int, staff_id: int) -> None:
        async with pool.connection() as connection, connection.transaction():
            try:
                await escalator.else_sms(connection, Turn(UUID(subject_id), round_, step), staff_id)
            except NotFound as error:
                log.info("escalation_gone", problem=str(error))

    return else_sms
