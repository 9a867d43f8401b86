"""The loop of `doorstep-cloud escalation`: it watches over gateways, and tells people until somebody takes a call.

A process of its own: a push service that hangs keeps no alarm waiting.
"""

import asyncio

from cloud.alarms.supervision.watch import Supervision
from cloud.config import CloudConfig
from cloud.db.pool import DatabaseAway, create_async_pool
from cloud.process import Process, run_worker, side_by_side


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM."""
    run_worker("escalation", config, work, port=config.escalation.port, away=(DatabaseAway,))


def work(process: Process) -> None:
    """The loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    async with create_async_pool(process.config.database.dsn, "escalation") as pool:
        await side_by_side(process, Supervision(process, pool).watch())
