"""What a person at the desk does with an alarm. Each command is one transaction; pressed twice it is done once.

`connection` is committed by the command, unless the caller has a transaction of its own open.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from cloud.alarms import store
from cloud.alarms.model import Alarm, CloseReason, HeldByAnother
from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict
from protocols.alarm.states import AlarmState

MOST_MINUTES = 24 * 60
CLOSE_REASONS = ("real", "test", "mistake")
SOMEBODY_IS_SENT = "somebody_is_sent"
"""The note of an event: the desk asked for a visit."""


async def take(connection: AsyncConnection, alarm_id: UUID, staff_id: int, now: datetime) -> Alarm:
    """The alarm, now held by `staff_id`.

    Raises NotFound; HeldByAnother, which names who was first; Conflict where it is closed.
    """
    async with connection.transaction():
        if await store.take(connection, alarm_id, staff_id, now):
            await store.add_event(connection, alarm_id, AlarmState.TAKEN, now, staff_id=staff_id)
            return await store.get(connection, alarm_id)
        alarm = await store.get(connection, alarm_id)
        _need_open(alarm)
        _need_own(alarm, staff_id)
        return alarm


async def on_the_way(connection: AsyncConnection, alarm_id: UUID, staff_id: int, minutes: int, now: datetime) -> Alarm:
    """Somebody travels and is at the door in about `minutes` (0 to 1440). Takes the alarm where nobody has it.

    Raises NotFound; HeldByAnother; Conflict where it is closed; ValueError.
    """
    if not 0 <= minutes <= MOST_MINUTES:
        raise ValueError(f"minutes: expected 0 to {MOST_MINUTES}, got {minutes}")
    async with connection.transaction():
        before = await store.get(connection, alarm_id, lock=True)
        if before.taken_by == staff_id and before.state is AlarmState.ON_THE_WAY and before.minutes == minutes:
            return before
        if not await store.set_on_the_way(connection, alarm_id, staff_id, minutes, now):
            _need_open(before)
            _need_own(before, staff_id)
        if before.state is AlarmState.AT_CENTRE:
            await store.add_event(connection, alarm_id, AlarmState.TAKEN, now, staff_id=staff_id)
        await store.add_event(connection, alarm_id, AlarmState.ON_THE_WAY, now, staff_id=staff_id, minutes=minutes)
        return await store.get(connection, alarm_id)


async def close(  # noqa: PLR0917 - what, who, why and when of one act
    connection: AsyncConnection,
    alarm_id: UUID,
    staff_id: int,
    reason: Literal["real", "test", "mistake"],
    note: str,
    now: datetime,
) -> Alarm:
    """Ends the alarm. Who has it closes it; where nobody has it, whoever comes first.

    Raises NotFound; HeldByAnother; Conflict where it was closed by somebody else or for another reason; ValueError.
    """
    if reason not in CLOSE_REASONS:
        raise ValueError(f"reason: expected {', '.join(CLOSE_REASONS)}; only the home cancels")
    async with connection.transaction():
        before = await store.get(connection, alarm_id, lock=True)
        if before.state is AlarmState.CLOSED and before.taken_by == staff_id and before.close_reason == reason:
            return before
        if not await store.close(connection, alarm_id, staff_id, CloseReason(reason), now):
            _need_open(before)
            _need_own(before, staff_id)
        await store.add_event(connection, alarm_id, AlarmState.CLOSED, now, staff_id=staff_id, note=note.strip())
        return await store.get(connection, alarm_id)


async def send(connection: AsyncConnection, alarm_id: UUID, staff_id: int, now: datetime) -> Alarm:
    """Somebody is to be sent: takes the alarm where nobody has it, and asks for its visit (`cloud.visits`) by a note.

    Raises NotFound; HeldByAnother; Conflict where it is closed.
    """
    async with connection.transaction():
        alarm = await take(connection, alarm_id, staff_id, now)
        if not await store.has_note(connection, alarm_id, SOMEBODY_IS_SENT):
            await store.add_event(
                connection, alarm_id, alarm.state, now, staff_id=staff_id, note=SOMEBODY_IS_SENT, tell_home=False
            )
        return alarm


async def note(connection: AsyncConnection, alarm_id: UUID, staff_id: int, text: str, now: datetime) -> Alarm:
    """One line that somebody adds, on an alarm that is open or closed. Raises NotFound; ValueError for an empty one."""
    words = text.strip()
    if not words:
        raise ValueError("note: a line is expected")
    async with connection.transaction():
        alarm = await store.get(connection, alarm_id, lock=True)
        if not await store.has_event(connection, alarm_id, staff_id, words, now):
            await store.add_event(
                connection, alarm_id, alarm.state, now, staff_id=staff_id, note=words, tell_home=False
            )
        return alarm


async def see(connection: AsyncConnection, alarm_id: UUID, staff_id: int, now: datetime) -> None:
    """The audit's line: this person opened the card of who calls. Raises NotFound."""
    async with connection.transaction():
        alarm = await store.get(connection, alarm_id)
        await store.add_view(connection, alarm_id, alarm.elder_id, staff_id, now)


def _need_open(alarm: Alarm) -> None:
    if alarm.state is AlarmState.CLOSED:
        by = f" by {alarm.taken_by_name}" if alarm.taken_by_name else ""
        raise Conflict(f"this alarm was closed{by} ({alarm.close_reason}); nothing more is to be done")


def _need_own(alarm: Alarm, staff_id: int) -> None:
    if alarm.taken_by is not None and alarm.taken_by != staff_id:
        raise HeldByAnother(alarm.taken_by_name or "somebody", alarm.taken_at)
