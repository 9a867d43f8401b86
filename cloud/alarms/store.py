"""All SQL of alarms. Each function works in the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from cloud.alarms.model import Alarm, CloseReason, Untold
from cloud.alarms.subscriber import alarm_id_of
from cloud.db.names import ALARM, NOTIFY
from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound, RejectedMessage
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage

_TELLER_LOCK = 0x0D00_A1A2

_ALARM = (
    "SELECT a.alarm_id, coalesce(a.gateway_id, ''), a.elder_id, a.kind, a.device, a.test, a.raised_at, a.heard_at, "
    "a.state, a.taken_by, staff.name, a.taken_at, a.minutes, a.close_reason, a.closed_at, a.overdue "
    "FROM alarm AS a LEFT JOIN staff ON staff.staff_id = a.taken_by WHERE a.alarm_id = %s"
)

# Alarm, first event and the word to who listens in one statement: the home waits for its answer.
# Whose it is: the only one who wears the device; in a home of one elder, that elder.
_INSERT = """
WITH new AS (
INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, test, raised_at, heard_at)
SELECT %(alarm_id)s, gateway.gateway_id,
       coalesce(
           (SELECT min(wearer.elder_id) FROM device JOIN wearer USING (device_id)
            WHERE device.gateway_id = gateway.gateway_id AND device.name = %(device)s
              AND wearer.during @> %(raised_at)s::timestamptz
            HAVING count(DISTINCT wearer.elder_id) = 1),
           (SELECT min(elder.elder_id) FROM elder WHERE elder.home_id = gateway.home_id HAVING count(*) = 1)),
       %(kind)s, %(device)s, %(test)s, %(raised_at)s, %(heard_at)s
FROM gateway WHERE gateway.gateway_id = %(gateway)s
ON CONFLICT (alarm_id) DO NOTHING
RETURNING alarm_id, heard_at
), event AS (
INSERT INTO alarm_event (alarm_id, state, at, note) SELECT alarm_id, 'at_centre', heard_at, '' FROM new
RETURNING alarm_id
)
SELECT pg_notify(%(channel)s, alarm_id::text) FROM event
"""


async def insert(connection: AsyncConnection, gateway: str, message: AlarmMessage, heard_at: datetime) -> bool:
    """Keeps a new alarm with its first event; False where it is kept already.

    Raises RejectedMessage for a gateway that is not registered, for an alarm that is another gateway's, and for
    values that no row can hold.
    """
    alarm_id = alarm_id_of(message)
    try:
        cursor = await connection.execute(
            _INSERT,
            {
                "alarm_id": alarm_id,
                "gateway": gateway,
                "device": message.device,
                "kind": message.kind,
                "test": message.test,
                "raised_at": message.raised_at,
                "heard_at": heard_at,
                "channel": ALARM,
            },
        )
        if await cursor.fetchone() is not None:
            return True
    except psycopg.DataError as error:
        raise RejectedMessage(f"the database cannot hold it: {error.diag.message_primary or error}") from error
    cursor = await connection.execute("SELECT coalesce(gateway_id, '') FROM alarm WHERE alarm_id = %s", (alarm_id,))
    owner = await cursor.fetchone()
    if owner is None:
        raise RejectedMessage(f"gateway {gateway} is not registered; add it to a home, then press again")
    if owner[0] != gateway:
        raise RejectedMessage("this alarm's id belongs to another gateway")
    return False


async def insert_said(connection: AsyncConnection, alarm_id: UUID, elder_id: int, at: datetime) -> None:
    """A call of the elder in free words, of no gateway, with its first event. Raises NotFound.

    Two statements: whether the web may add the event is asked of the alarm's row.
    """
    cursor = await connection.execute(
        "INSERT INTO alarm (alarm_id, home_id, elder_id, kind, device, raised_at, heard_at) "
        "SELECT %s, home_id, elder_id, 'said', '', %s, %s FROM elder WHERE elder_id = %s RETURNING alarm_id",
        (alarm_id, at, at, elder_id),
    )
    if await cursor.fetchone() is None:
        raise NotFound(f"there is no elder {elder_id}")
    await add_event(connection, alarm_id, AlarmState.AT_CENTRE, at)


async def registered_gateways(connection: AsyncConnection) -> frozenset[str]:
    cursor = await connection.execute("SELECT gateway_id FROM gateway")
    return frozenset(row[0] for row in await cursor.fetchall())


async def get(connection: AsyncConnection, alarm_id: UUID, *, lock: bool = False) -> Alarm:
    """Raises NotFound. With `lock` it stays as it is until the transaction ends."""
    if lock:  # by itself: a join beside FOR UPDATE would still show the person from before the wait
        await connection.execute("SELECT FROM alarm WHERE alarm_id = %s FOR UPDATE", (alarm_id,))
    cursor = await connection.execute(_ALARM, (alarm_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no alarm {alarm_id}")
    return _alarm(row)


async def take(connection: AsyncConnection, alarm_id: UUID, staff_id: int, at: datetime) -> bool:
    """Gives the alarm to the first who asks: one row, one statement. False where it is no longer to be had."""
    cursor = await connection.execute(
        "UPDATE alarm SET state = 'taken', taken_by = %s, taken_at = %s WHERE alarm_id = %s AND state = 'at_centre'",
        (staff_id, at, alarm_id),
    )
    return cursor.rowcount == 1


async def set_on_the_way(
    connection: AsyncConnection, alarm_id: UUID, staff_id: int, minutes: int, at: datetime
) -> bool:
    """False where it is closed or somebody else's."""
    cursor = await connection.execute(
        "UPDATE alarm SET state = 'on_the_way', minutes = %(minutes)s, taken_by = %(staff)s, "
        "taken_at = coalesce(taken_at, %(at)s) "
        "WHERE alarm_id = %(alarm)s AND state <> 'closed' AND (taken_by IS NULL OR taken_by = %(staff)s)",
        {"minutes": minutes, "staff": staff_id, "at": at, "alarm": alarm_id},
    )
    return cursor.rowcount == 1


async def close(connection: AsyncConnection, alarm_id: UUID, staff_id: int, reason: CloseReason, at: datetime) -> bool:
    """False where it is closed already or somebody else's."""
    cursor = await connection.execute(
        "UPDATE alarm SET state = 'closed', close_reason = %(reason)s, closed_at = %(at)s, "
        "taken_by = coalesce(taken_by, %(staff)s), taken_at = coalesce(taken_at, %(at)s) "
        "WHERE alarm_id = %(alarm)s AND state <> 'closed' AND (taken_by IS NULL OR taken_by = %(staff)s)",
        {"reason": reason, "staff": staff_id, "at": at, "alarm": alarm_id},
    )
    return cursor.rowcount == 1


async def cancel(connection: AsyncConnection, alarm_id: UUID, at: datetime) -> bool:
    """Closes an alarm that the home took back, where nobody had taken it."""
    cursor = await connection.execute(
        "UPDATE alarm SET state = 'closed', close_reason = 'cancelled', closed_at = %s "
        "WHERE alarm_id = %s AND state = 'at_centre' RETURNING alarm_id",  # a pipeline knows no count of rows
        (at, alarm_id),
    )
    return await cursor.fetchone() is not None


async def has_note(connection: AsyncConnection, alarm_id: UUID, note: str) -> bool:
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM alarm_event WHERE alarm_id = %s AND note = %s)", (alarm_id, note)
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def has_event(connection: AsyncConnection, alarm_id: UUID, staff_id: int, note: str, at: datetime) -> bool:
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM alarm_event WHERE alarm_id = %s AND staff_id = %s AND note = %s AND at = %s)",
        (alarm_id, staff_id, note, at),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def add_view(
    connection: AsyncConnection, alarm_id: UUID, elder_id: int | None, staff_id: int, at: datetime
) -> None:
    """A line of the audit: who opened the card of whom."""
    await connection.execute(
        "INSERT INTO alarm_card_view (alarm_id, elder_id, staff_id, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (alarm_id, elder_id, staff_id, at),
    )


async def set_overdue(connection: AsyncConnection, alarm_id: UUID) -> bool:
    """Marks an alarm that nobody has taken; False where somebody has, or where it is marked."""
    cursor = await connection.execute(
        "UPDATE alarm SET overdue = true WHERE alarm_id = %s AND state = 'at_centre' AND NOT overdue", (alarm_id,)
    )
    if cursor.rowcount != 1:
        return False
    await connection.execute(NOTIFY, (ALARM, str(alarm_id)))
    return True


async def add_event(
    connection: AsyncConnection,
    alarm_id: UUID,
    state: AlarmState,
    at: datetime,
    *,
    staff_id: int | None = None,
    minutes: int | None = None,
    note: str = "",
    tell_home: bool = True,
) -> None:
    """Writes a step down and wakes who listens. With `tell_home` the home is to hear of it, where a gateway called."""
    await connection.execute(
        "INSERT INTO alarm_event (alarm_id, state, at, staff_id, minutes, note, told_home_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s AND EXISTS (SELECT FROM alarm WHERE alarm_id = %s "
        "AND gateway_id IS NOT NULL) THEN NULL ELSE %s::timestamptz END)",
        (alarm_id, state, at, staff_id, minutes, note, tell_home, alarm_id, at),
    )
    await connection.execute(NOTIFY, (ALARM, str(alarm_id)))


_EVENT = """
SELECT event.alarm_event_id, coalesce(alarm.gateway_id, ''), event.alarm_id, event.state, event.at, staff.name,
       event.minutes,
       EXISTS (SELECT FROM alarm_event AS word WHERE word.alarm_id = event.alarm_id AND word.note = 'cancelled_at_home')
FROM alarm_event AS event JOIN alarm USING (alarm_id) LEFT JOIN staff USING (staff_id)
"""


async def hold_teller(connection: AsyncConnection) -> None:
    """One teller at a time, so that a home hears the steps in their order; until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TELLER_LOCK,))


async def untold(connection: AsyncConnection, at_most: int) -> list[Untold]:
    """The oldest steps that homes have not been told."""
    cursor = await connection.execute(
        f"{_EVENT} WHERE event.told_home_at IS NULL ORDER BY event.alarm_event_id LIMIT %s".encode(), (at_most,)
    )
    return [_untold(row) for row in await cursor.fetchall()]


async def mark_told(connection: AsyncConnection, alarm_event_ids: list[int], at: datetime) -> None:
    await connection.execute(
        "UPDATE alarm_event SET told_home_at = %s WHERE alarm_event_id = ANY(%s)", (at, alarm_event_ids)
    )


async def mark_step_told(connection: AsyncConnection, alarm_id: UUID, at: datetime, told_at: datetime) -> None:
    """The home was told already, at `told_at`, of the steps that were done `at` that moment."""
    await connection.execute(
        "UPDATE alarm_event SET told_home_at = %s WHERE alarm_id = %s AND at = %s AND told_home_at IS NULL",
        (told_at, alarm_id, at),
    )


async def newest_step(connection: AsyncConnection, alarm_id: UUID) -> Untold:
    """What the home is to know of the alarm now. Raises NotFound."""
    cursor = await connection.execute(
        f"{_EVENT} WHERE event.alarm_id = %s AND event.state = alarm.state "
        "ORDER BY event.note <> '', event.alarm_event_id DESC LIMIT 1".encode(),
        (alarm_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no alarm {alarm_id}")
    return _untold(row)


def _alarm(row: tuple[Any, ...]) -> Alarm:
    alarm_id, gateway_id, elder_id, kind, device, test, raised_at, heard_at, state, *rest = row
    taken_by, taken_by_name, taken_at, minutes, close_reason, closed_at, overdue = rest
    return Alarm(
        alarm_id=alarm_id,
        gateway_id=gateway_id,
        elder_id=elder_id,
        kind=AlarmKind(kind),
        device=device,
        test=test,
        raised_at=raised_at,
        heard_at=heard_at,
        state=AlarmState(state),
        taken_by=taken_by,
        taken_by_name=taken_by_name,
        taken_at=taken_at,
        minutes=minutes,
        close_reason=None if close_reason is None else CloseReason(close_reason),
        closed_at=closed_at,
        overdue=overdue,
    )


def _untold(row: tuple[Any, ...]) -> Untold:
    alarm_event_id, gateway_id, alarm_id, state, at, name, minutes, cancelled = row
    message = AlarmStateMessage(
        alarm=str(alarm_id), state=AlarmState(state), at=at, by=name, minutes=minutes, cancelled=cancelled
    )
    return Untold(alarm_event_id, gateway_id, message)
