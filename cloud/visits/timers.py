"""The promise behind every visit: while nobody accepts it, a timer says in time that it is at risk."""

from datetime import datetime

import structlog
from prometheus_client import Counter

from cloud.clock import Clock
from cloud.config import Visits
from cloud.db.jobs import set_timer
from cloud.db.pool import AsyncConnection
from cloud.visits import store
from cloud.visits.promises import at_risk_from

log = structlog.get_logger()

QUEUE = "visits"
AT_RISK = "at_risk"

VISITS_AT_RISK = Counter("doorstep_visits_at_risk", "Visits that nobody accepted for most of the promised time")

_AT_ONCE = 200


async def watch_promises(connection: AsyncConnection, promises: Visits, clock: Clock) -> int:
    """Sets a timer for each proposed visit that has none for its promise; gives how many. One transaction."""
    async with connection.transaction():
        visits = await store.unwatched(connection, _AT_ONCE)
        for visit_id, asked_at, promised_by, priority in visits:
            due_at = clock.wall_at(at_risk_from(asked_at, promised_by, priority, promises))
            await set_timer(connection, QUEUE, AT_RISK, due_at, visit_id=visit_id, promised_by=promised_by.isoformat())
            await store.note_timer(connection, visit_id)
    return len(visits)


async def mark_at_risk(connection: AsyncConnection, visit_id: int, promised_by: str) -> None:
    """The timer's act. Does nothing where the visit was accepted, its promise changed, or at a second call."""
    if await store.set_at_risk(connection, visit_id, datetime.fromisoformat(promised_by)):
        VISITS_AT_RISK.inc()
        log.warning("visit_at_risk", visit=visit_id)
