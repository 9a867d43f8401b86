"""What is made ahead of its time: regular visits, and at set hours better routes."""

import structlog

from cloud.db.listen import listen
from cloud.db.names import VISIT
from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.process import Process
from cloud.visits.regular.making import Rhythms
from cloud.visits.routes.planner import Planner

log = structlog.get_logger()

_GATHER_S = 1.0
"""Nobody waits for it: of many steps that nurses make within a second one is enough to look."""


async def look_ahead(process: Process, pool: AsyncPool, planner: Planner) -> None:
    """Beside the visits' loop, which a search does not keep waiting longer than a slice of it. For ever."""
    config = process.config
    rhythms = Rhythms(config.routes)
    async for _ in listen(config.database.dsn, [VISIT], "routes", idle_s=config.visits.poll_s, gather_s=_GATHER_S):
        try:
            async with pool.connection() as connection:
                await rhythms.follow(connection, process.clock.now())
            left = True
            while left:
                async with pool.connection() as connection:
                    left = await planner.search(connection, process.clock.now())
            process.healthy("routes")
        except DatabaseAway as error:
            process.ill("routes", "the database is away")
            log.warning("database_away", what="routes", error=type(error).__name__)
