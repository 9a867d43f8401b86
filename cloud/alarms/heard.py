"""What a home's message becomes in the database: an alarm, its cancelling, or nothing new. One transaction each."""

from uuid import UUID

from cloud.alarms import store
from cloud.alarms.model import KeptAlarm
from cloud.alarms.subscriber import alarm_id_of
from cloud.alarms.timers import set_overdue_timer
from cloud.clock import Clock
from cloud.db.pool import AsyncConnection
from protocols.alarm.states import AlarmState

CANCELLED_AT_HOME = "cancelled_at_home"
"""The note of an event: the home took the alarm back; of a technical alarm: what it told is over."""
NOT_KEPT_AT_HOME = "not_kept_at_home"
"""The note of an event: the gateway's disk takes nothing, a power cut there forgets the call."""


async def store_alarm(connection: AsyncConnection, kept: KeptAlarm, take_within_s: float, clock: Clock) -> bool:
    """Whether there was anything new in a home's message. One transaction. Raises RejectedMessage.

    What the home was told of it before (`kept.told_at`), it is not told again.
    """
    message, alarm_id = kept.message, alarm_id_of(kept.message)
    async with connection.pipeline(), connection.transaction():  # BEGIN travels with the first statement
        if kept.told_at is not None:
            await store.hold_teller(connection)
        new = await store.insert(connection, kept.gateway_id, message, kept.heard_at)
        if new:
            await set_overdue_timer(connection, alarm_id, kept.heard_at, take_within_s, clock)
        if not message.kept:
            await _note_once(connection, alarm_id, NOT_KEPT_AT_HOME, kept)
        cancelled = message.cancelled and await _cancel(connection, alarm_id, kept)
        if kept.told_at is not None:
            await store.mark_step_told(connection, alarm_id, kept.heard_at, kept.told_at)
    return new or cancelled


async def _cancel(connection: AsyncConnection, alarm_id: UUID, kept: KeptAlarm) -> bool:
    """The home takes it back. True where nobody had it: it is closed. Else who has it is told, and closes it."""
    if await store.cancel(connection, alarm_id, kept.heard_at):
        await store.add_event(connection, alarm_id, AlarmState.CLOSED, kept.heard_at, note=CANCELLED_AT_HOME)
        return True
    await _note_once(connection, alarm_id, CANCELLED_AT_HOME, kept)
    return False


async def _note_once(connection: AsyncConnection, alarm_id: UUID, note: str, kept: KeptAlarm) -> None:
    """For the desk alone, while the alarm is open."""
    alarm = await store.get(connection, alarm_id, lock=True)
    if alarm.state is not AlarmState.CLOSED and not await store.has_note(connection, alarm_id, note):
        await store.add_event(connection, alarm_id, alarm.state, kept.heard_at, note=note, tell_home=False)
