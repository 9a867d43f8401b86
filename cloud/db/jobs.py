"""Timers of the stages, in the job queue of the database (procrastinate): none is forgotten by a restart.

A timer is set in the transaction of what it belongs to, so there is never one without the other. Timers run on wall
time: translate with `Clock.wall_at`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import cast

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException

from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.tasks import end

log = structlog.get_logger()

Timer = Callable[..., Awaitable[None]]
"""What is called, with the arguments that the timer was set with. It may be called twice, so it looks first."""

_RETRY_S = 5
_STALLED_EVERY_S = 30.0

_unopened = App(connector=PsycopgConnector())  # sets timers over the callers' connections; never opened itself


async def set_timer(
    connection: AsyncConnection, queue: str, timer: str, wall_at: datetime, **arguments: str | int
) -> None:
    """`timer` of `queue` is called with `arguments` at `wall_at`, once the caller's transaction is committed."""
    deferrer = _unopened.configure_task(
        f"{queue}.{timer}", queue=queue, schedule_at=wall_at, connection=connection, allow_unknown=True
    )
    await deferrer.defer_async(**arguments)


async def run_timers(
    pool: AsyncPool, queue: str, timers: Mapping[str, Timer], *, poll_s: float = 1.0, at_once: int = 1
) -> None:
    """Calls the timers of `queue` as they come due, `at_once` side by side, until cancelled. One that fails is called
    again.

    A timer comes at most about `poll_s` late. The database being away is said in the log and ends nothing.
    """
    app = App(connector=PsycopgConnector())
    for name, call in timers.items():
        app.task(name=f"{queue}.{name}", queue=queue, retry=RetryStrategy(wait=_RETRY_S))(call)
    this = cast("asyncio.Task[None]", asyncio.current_task())
    async with app.open_async(pool):
        while True:
            revival = asyncio.create_task(_revive_stalled(app, queue))
            try:
                await app.run_worker_async(
                    queues=[queue],
                    name=queue,
                    concurrency=at_once,
                    listen_notify=False,
                    fetch_job_polling_interval=poll_s,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                )
            except ConnectorException as error:
                log.warning("database_away", what=f"timers of {queue}", error=str(error.__cause__ or error))
            finally:
                await end([revival])
            if this.cancelling():  # the worker broke while it was being stopped, and its error hid that
                raise asyncio.CancelledError
            await asyncio.sleep(poll_s)


async def _revive_stalled(app: App, queue: str) -> None:
    """Timers that a killed process had begun are called again."""
    while True:
        with contextlib.suppress(ConnectorException):
            for job in await app.job_manager.get_stalled_jobs(queue=queue):
                await app.job_manager.retry_job(job)
                log.info("timer_revived", queue=queue, timer=job.task_name)
        await asyncio.sleep(_STALLED_EVERY_S)
