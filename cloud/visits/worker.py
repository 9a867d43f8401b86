"""The visits' loop: alerts become visits, visits stand in routes, urgent ones are somebody's at once, and every promise
has its timer."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from time import monotonic
from typing import Any

import httpx
import structlog
from prometheus_client import Counter

from cloud.clock import Clock
from cloud.config import CloudConfig, Visits
from cloud.db.jobs import Timer, run_timers
from cloud.db.listen import Wake, listen
from cloud.db.names import ALARM, ALERT, VISIT
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool
from cloud.process import Process, run_worker, side_by_side
from cloud.push.key import key_path, open_push_key
from cloud.routes_config import Routes
from cloud.visits.absences.going_on import free_left_behind
from cloud.visits.asking.policy import ask_nurses, free_silent
from cloud.visits.dispatch import follow_alarms, follow_alerts
from cloud.visits.following.follow_up import close_visits
from cloud.visits.reaching import sending
from cloud.visits.routes.ahead import look_ahead
from cloud.visits.routes.planner import Planner
from cloud.visits.routes.told import regions_told
from cloud.visits.timers import AT_RISK, QUEUE, mark_at_risk, watch_promises

log = structlog.get_logger()

CHANGED = Counter(
    "doorstep_visits_changed", "Visits made, hastened, cancelled or given to somebody by the centre itself"
)

_PUSH_POLL_S = 0.5
_GATHER_S = 0.2
"""A look is at all that is open, and leads to further steps: what comes at one moment is looked at once."""


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM."""
    run_worker("visits", config, work, port=config.visits.port, away=(DatabaseAway,))


def work(process: Process, *beside: Callable[[Process], Coroutine[Any, Any, None]]) -> None:
    """The loop for one process, until it is asked to stop; `beside` are loops of other rooms that share it."""
    asyncio.run(_work(process, *beside))


async def _work(process: Process, *beside: Callable[[Process], Coroutine[Any, Any, None]]) -> None:
    config = process.config
    async with (
        create_async_pool(config.database.dsn, "visits", size=6) as pool,
        httpx.AsyncClient(follow_redirects=False, trust_env=False) as client,
    ):
        sender = sending.Sender(pool, config.push, partial(open_push_key, key_path(config)), client)
        planner = Planner(config)
        await side_by_side(
            process,
            _follow(process, pool, planner),
            look_ahead(process, pool, planner),
            *(loop(process) for loop in beside),
            run_timers(pool, QUEUE, {AT_RISK: at_risk_timer(pool)}),
            run_timers(
                pool, sending.QUEUE, {sending.SEND: sender.send}, poll_s=_PUSH_POLL_S, at_once=sending.SIDE_BY_SIDE
            ),
        )


async def _follow(process: Process, pool: AsyncPool, planner: Planner) -> None:
    """Looks at the tables at every wake-up and every `poll_s`; the database being away ends nothing."""
    config = process.config
    channels, poll_s = [ALERT, ALARM, VISIT], config.visits.poll_s
    whole_at = float("-inf")
    async for wakes in listen(config.database.dsn, channels, "visits", idle_s=poll_s, gather_s=_GATHER_S):
        whole = not wakes or monotonic() - whole_at >= poll_s
        try:
            told = () if whole else wakes
            await follow_once(pool, planner, process.clock, config.visits, config.routes, told)
            whole_at = monotonic() if whole else whole_at
            process.healthy("database")
        except DatabaseAway as error:
            process.ill("database", "the database is away")
            log.warning("database_away", what="visits", error=type(error).__name__)


async def follow_once(  # noqa: PLR0917 - where it looks, with what, by which figures, and what for
    pool: AsyncPool, planner: Planner, clock: Clock, policy: Visits, routes: Routes, wakes: Sequence[Wake] = ()
) -> None:
    """One look at the tables. Whoever looks twice changes nothing more. `wakes`: routes are looked at where these
    happened; empty: everywhere."""
    async with pool.connection() as connection:  # one for all steps: the pool asks each that it gives whether it lives
        CHANGED.inc(await follow_alerts(connection, clock.now(), policy, routes))
        CHANGED.inc(await follow_alarms(connection, clock.now(), policy))
        await connection.commit()
        await free_silent(connection, clock.now(), policy)
        CHANGED.inc(await free_left_behind(connection, clock.now()))
        seen = await regions_told(connection, wakes) if wakes else None
        await connection.commit()
        CHANGED.inc(await planner.follow(connection, clock.now(), seen=seen))
        await connection.commit()
        CHANGED.inc(await ask_nurses(connection, clock.now(), policy))  # whoever no route has a place for
        await sending.push_to_asked(connection)
        while await close_visits(connection, clock.now(), policy):
            pass
        while await watch_promises(connection, policy, clock):
            pass


def at_risk_timer(pool: AsyncPool) -> Timer:
    async def at_risk(visit_id: int, promised_by: str) -> None:
        async with pool.connection() as connection:
            await mark_at_risk(connection, visit_id, promised_by)

    return at_risk
