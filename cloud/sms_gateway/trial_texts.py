"""Homes whose test text did not come in its time become a technical alarm each, until one comes.

A path that nobody walks is found broken when it is needed. Homes send a test text every 30 days (`sms.test_days`).
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import structlog

from cloud.alarms import store as alarms
from cloud.alarms.heard import CANCELLED_AT_HOME
from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.process import Process
from cloud.sms_gateway import store
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

WITHIN = timedelta(days=33)
"""A home that has no answer tries again within a day; three days for a network that is away."""
LOOK_EVERY = timedelta(minutes=10)
SHORTEST_LOOK_S = 1.0
DEVICE = "sms"

_FAILURES = UUID("0d1f6d1e-52a8-4b06-8a53-3f1c5b0e9d47")


async def watch_trials(process: Process, pool: AsyncPool) -> None:
    """Until cancelled."""
    look_s = max(process.clock.wall_duration(LOOK_EVERY).total_seconds(), SHORTEST_LOOK_S)
    while True:
        try:
            await look(process, pool)
        except DatabaseAway as error:
            log.warning("database_away", what="test texts", error=type(error).__name__)
        await asyncio.sleep(look_s)


async def look(process: Process, pool: AsyncPool) -> list[str]:
    """One look at all homes with a key; those that are newly found to fail. Many may look at once."""
    now = process.clock.now()
    found = []
    async with pool.connection() as connection, connection.transaction():
        for gateway_id, since in await store.without_test(connection, now - WITHIN):
            alarm_id = uuid5(_FAILURES, f"{gateway_id} {since.isoformat()}")  # the same failure is the same alarm
            message = AlarmMessage(alarm=str(alarm_id), kind=AlarmKind.TEXT_FAILED, device=DEVICE, raised_at=now)
            if await alarms.insert(connection, gateway_id, message, now):
                log.warning("text_failed", gateway=gateway_id, since=since.isoformat())
                found.append(gateway_id)
    return found


async def trial_came(connection: AsyncConnection, gateway_id: str, at: datetime) -> None:
    """Notes it, and ends the alarm about its absence. In the caller's transaction."""
    await store.set_tested(connection, gateway_id, at)
    for alarm_id in await store.open_failures(connection, gateway_id):
        closed = await alarms.cancel(connection, alarm_id, at)
        alarm = await alarms.get(connection, alarm_id)
        if closed or not await alarms.has_note(connection, alarm_id, CANCELLED_AT_HOME):
            await alarms.add_event(connection, alarm_id, alarm.state, at, note=CANCELLED_AT_HOME, tell_home=False)
