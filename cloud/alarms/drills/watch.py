"""Homes that did not drill in their time become a technical alarm each, until a drill arrives."""

import asyncio
from datetime import timedelta

import structlog

from cloud.alarms import store as alarms
from cloud.alarms.drills import store
from cloud.alarms.drills.model import DEVICE, WITHIN, Failing
from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.process import Process
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

LOOK_EVERY = timedelta(minutes=1)
SHORTEST_LOOK_S = 1.0


async def watch_drills(process: Process, pool: AsyncPool) -> None:
    """Until cancelled."""
    look_s = max(process.clock.wall_duration(LOOK_EVERY).total_seconds(), SHORTEST_LOOK_S)
    while True:
        try:
            await look(process, pool)
        except DatabaseAway as error:
            log.warning("database_away", what="drills", error=type(error).__name__)
        await asyncio.sleep(look_s)


async def look(process: Process, pool: AsyncPool) -> list[Failing]:
    """One look at all homes; those that are newly found to fail. Many may look at once."""
    now = process.clock.now()
    found = []
    async with pool.connection() as connection, connection.transaction():
        await store.expect(connection, now)
        await store.forget_old(connection, now)
        for home in await store.failing(connection, now, WITHIN):
            message = AlarmMessage(alarm=str(home.alarm_id), kind=AlarmKind.DRILL_FAILED, device=DEVICE, raised_at=now)
            if await alarms.insert(connection, home.gateway_id, message, now):
                log.warning("drill_failed", gateway=home.gateway_id, since=home.since.isoformat())
                found.append(home)
    return found
