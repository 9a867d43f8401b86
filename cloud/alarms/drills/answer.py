"""A drill arrives: a row, and after its COMMIT the answer. Nobody at the desk sees it."""

import structlog
from prometheus_client import Counter

from cloud.alarms import store as alarms
from cloud.alarms.drills import store
from cloud.alarms.heard import CANCELLED_AT_HOME
from cloud.alarms.model import KeptAlarm
from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.mqtt import Subscriber
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmStateMessage, encode
from protocols.telemetry.topics import ALARM_STATE, topic

log = structlog.get_logger()

DRILLS = Counter("doorstep_drills", "Drills that arrived and were stored")


async def answer_drill(pool: AsyncPool, subscriber: Subscriber, kept: KeptAlarm) -> None:
    """Raises RejectedMessage; DatabaseAway, and then the home's drill has rightly failed."""
    async with pool.connection() as connection, connection.transaction():
        await store.keep(connection, kept.gateway_id, kept.message, kept.heard_at)
        await _end_failures(connection, kept)
    answer = AlarmStateMessage(alarm=kept.message.alarm, state=AlarmState.CLOSED, at=kept.heard_at)
    subscriber.publish(topic(kept.gateway_id, ALARM_STATE), encode(answer))
    DRILLS.inc()
    log.info("drill", gateway=kept.gateway_id, drill=kept.message.alarm)


async def _end_failures(connection: AsyncConnection, kept: KeptAlarm) -> None:
    for alarm_id in await store.open_failures(connection, kept.gateway_id):
        closed = await alarms.cancel(connection, alarm_id, kept.heard_at)
        alarm = await alarms.get(connection, alarm_id)
        if closed or not await alarms.has_note(connection, alarm_id, CANCELLED_AT_HOME):
            await alarms.add_event(
                connection, alarm_id, alarm.state, kept.heard_at, note=CANCELLED_AT_HOME, tell_home=False
            )
