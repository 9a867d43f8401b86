"""The promise behind every alarm: somebody takes it in time, or the board says that nobody did."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter

from cloud.alarms import store
from cloud.clock import Clock
from cloud.db.jobs import set_timer
from cloud.db.pool import AsyncConnection

log = structlog.get_logger()

QUEUE = "alarms"
OVERDUE = "overdue"

OVERDUE_ALARMS = Counter("doorstep_alarms_overdue", "Alarms that nobody took within the promised time")


async def set_overdue_timer(
    connection: AsyncConnection, alarm_id: UUID, heard_at: datetime, take_within_s: float, clock: Clock
) -> None:
    due_at = clock.wall_at(heard_at + timedelta(seconds=take_within_s))
    await set_timer(connection, QUEUE, OVERDUE, due_at, alarm_id=str(alarm_id))


async def mark_overdue(connection: AsyncConnection, alarm_id: str) -> None:
    """The timer's act. Does nothing where somebody has taken the alarm, or at a second call."""
    if await store.set_overdue(connection, UUID(alarm_id)):
        OVERDUE_ALARMS.inc()
        log.warning("alarm_overdue", alarm=alarm_id)
