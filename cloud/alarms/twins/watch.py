"""Looks for homes under whose name two gateways speak; each becomes a technical alarm, until one is alone again."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid5

import structlog

from cloud.alarms import store as alarms
from cloud.alarms.heard import CANCELLED_AT_HOME
from cloud.alarms.twins import store
from cloud.db.pool import AsyncPool, DatabaseAway
from cloud.process import Process
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=30)
SHORTEST_LOOK_S = 1.0
DEVICE = "gateway"

_TWINS = UUID("6b1f0c8e-7d34-4a0f-9a55-0c1e54f2a7d1")


async def watch_twins(process: Process, pool: AsyncPool) -> None:
    """Until cancelled."""
    look_s = max(process.clock.wall_duration(LOOK_EVERY).total_seconds(), SHORTEST_LOOK_S)
    while True:
        try:
            await look(process, pool)
        except DatabaseAway as error:
            log.warning("database_away", what="twins", error=type(error).__name__)
        await asyncio.sleep(look_s)


async def look(process: Process, pool: AsyncPool) -> list[str]:
    """One look at all homes; the gateways that are newly found to be two. Many may look at once."""
    now = process.clock.now()
    found = []
    async with pool.connection() as connection, connection.transaction():
        for gateway_id, since in await store.twins(connection):
            alarm_id = uuid5(_TWINS, f"{gateway_id} {since.isoformat()}")  # the same pair is the same alarm
            message = AlarmMessage(alarm=str(alarm_id), kind=AlarmKind.TWO_GATEWAYS, device=DEVICE, raised_at=now)
            if await alarms.insert(connection, gateway_id, message, now):
                log.warning("two_gateways", gateway=gateway_id, since=since.isoformat())
                found.append(gateway_id)
        for alarm_id in await store.open_and_over(connection):
            closed = await alarms.cancel(connection, alarm_id, now)
            alarm = await alarms.get(connection, alarm_id)
            if closed or not await alarms.has_note(connection, alarm_id, CANCELLED_AT_HOME):
                await alarms.add_event(connection, alarm_id, alarm.state, now, note=CANCELLED_AT_HOME, tell_home=False)
    return found
