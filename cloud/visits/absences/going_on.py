"""A nurse is away: her visits of these days are free for others. Whoever looks twice changes nothing more."""

from datetime import datetime

import structlog

from cloud.db.pool import AsyncConnection
from cloud.visits import store as visits
from cloud.visits.absences import store
from cloud.visits.model import VisitState

log = structlog.get_logger()

AWAY = "nurse_away"
"""The note of a visit that is proposed again because its nurse is away on its day."""


async def free_left_behind(connection: AsyncConnection, now: datetime) -> int:
    """Gives how many visits are free now. One transaction."""
    async with connection.transaction():
        left = await store.left_behind(connection)
        for visit_id in left:
            await store.unpin(connection, visit_id)
            await visits.free(connection, visit_id)
            await visits.add_event(connection, visit_id, VisitState.PROPOSED, now, note=AWAY)
            log.info("visit_goes_on", visit=visit_id, why=AWAY)
    return len(left)
