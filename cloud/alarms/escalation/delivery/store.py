"""All SQL of messages on their way. Each function works in the caller's transaction; times are the database's."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cloud.alarms.escalation.model import About, Turn, Way
from cloud.db.names import ALARM, NOTIFY
from cloud.db.pool import AsyncConnection


@dataclass(frozen=True)
class Waiting:
    """A message that is to be sent now."""

    notice_id: UUID
    turn: Turn
    about: About
    way: Way
    webhook: str
    subscription_id: int | None
    attempts: int
    """Before this one."""
    age: timedelta
    calls_off: bool
    """It says that somebody has the call; else that somebody calls."""


_WAITING = """
SELECT n.notice_id, n.subject_id, n.round, n.step, e.about, n.way, n.webhook, n.subscription_id, n.attempts,
       now() - n.asked_at, n.calls_off
FROM notice n JOIN escalation e USING (subject_id)
WHERE n.notice_id = %s AND n.sent_at IS NULL AND n.failed_at IS NULL
"""


_CALL_OFF = """
INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, subscription_id, calls_off)
SELECT gen_random_uuid(), found.subject_id, found.round, found.step, 'push', found.staff_id, found.subscription_id, true
FROM (SELECT DISTINCT ON (n.subject_id, n.subscription_id) n.* FROM notice n JOIN alarm a ON a.alarm_id = n.subject_id
      WHERE n.way = 'push' AND NOT n.calls_off AND n.sent_at > now() - interval '2 hours'
        AND n.subscription_id IS NOT NULL AND a.state <> 'at_centre' AND n.staff_id IS DISTINCT FROM a.taken_by
      ORDER BY n.subject_id, n.subscription_id, n.round DESC, n.step DESC) AS found
ON CONFLICT DO NOTHING
RETURNING notice_id
"""


async def call_off(connection: AsyncConnection) -> list[UUID]:
    """Adds a message for each browser that was told of a call which somebody has by now, or which is over; who has it
    knows. Asked again it adds none."""
    cursor = await connection.execute(_CALL_OFF)
    return [row[0] for row in await cursor.fetchall()]


async def waiting(connection: AsyncConnection, notice_id: UUID) -> Waiting | None:
    """None where it is sent, or given up."""
    cursor = await connection.execute(_WAITING, (notice_id,))
    row: Any = await cursor.fetchone()
    if row is None:
        return None
    notice, subject, round_, step, about, way, *rest = row
    return Waiting(notice, Turn(subject, round_, step), About(about), Way(way), *rest)


async def set_sent(connection: AsyncConnection, notice_id: UUID, *, delivered: bool) -> None:
    """The push service took it; `delivered`: the other end itself did."""
    await connection.execute(
        "UPDATE notice SET sent_at = now(), attempts = attempts + 1, problem = '', "
        "delivered_at = coalesce(delivered_at, CASE WHEN %s THEN now() END) WHERE notice_id = %s",
        (delivered, notice_id),
    )


async def set_not_sent(connection: AsyncConnection, notice_id: UUID, problem: str, *, again: bool) -> None:
    await connection.execute(
        "UPDATE notice SET attempts = attempts + 1, problem = %s, failed_at = CASE WHEN %s THEN NULL ELSE now() END "
        "WHERE notice_id = %s",
        (problem, again, notice_id),
    )


async def note_receipt(connection: AsyncConnection, notice_id: UUID, *, opened: bool) -> float | None:
    """A phone says that it has the push, or that somebody touched it. Seconds since it was asked for, the first time;
    None for a receipt that is known, or of no push of ours."""
    cursor = await connection.execute(
        "UPDATE notice SET delivered_at = coalesce(delivered_at, now()), "
        "opened_at = CASE WHEN %(opened)s THEN coalesce(opened_at, now()) ELSE opened_at END "
        "WHERE notice_id = %(notice)s AND way = 'push' "
        "AND (delivered_at IS NULL OR (%(opened)s AND opened_at IS NULL)) "
        "RETURNING subject_id, subscription_id, extract(epoch FROM now() - asked_at)::float8",
        {"notice": notice_id, "opened": opened},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    await connection.execute("UPDATE push_subscription SET receipt_at = now() WHERE subscription_id = %s", (row[1],))
    await connection.execute(NOTIFY, (ALARM, str(row[0])))
    return float(row[2])
