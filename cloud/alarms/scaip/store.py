"""All SQL of forwarding. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from cloud.alarms.scaip.model import Forward, What
from cloud.db.pool import AsyncConnection
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState

_FORWARD = """
SELECT f.reference, f.alarm_id, f.what, f.state, f.receiver, f.attempts, extract(epoch FROM now() - f.asked_at)::float8,
       a.kind, coalesce(a.home_id, g.home_id), d.device_id
FROM scaip_forward f JOIN alarm a USING (alarm_id) LEFT JOIN gateway g USING (gateway_id)
LEFT JOIN device d ON d.gateway_id = a.gateway_id AND d.name = a.device
WHERE f.reference = %s AND f.done_at IS NULL FOR UPDATE OF f
"""
# What the home took back, is told where the receiving centre was told of the call.
_NEW = """
SELECT alarm_id, 'raised' FROM alarm
WHERE state <> 'closed' AND NOT test AND heard_at >= %(since)s AND kind = ANY(%(kinds)s)
  AND NOT EXISTS (SELECT FROM scaip_forward f WHERE f.alarm_id = alarm.alarm_id)
UNION ALL
SELECT f.alarm_id, 'taken_back' FROM scaip_forward f
WHERE f.what = 'raised' AND f.state = 'at_centre'
  AND EXISTS (SELECT FROM alarm_event e WHERE e.alarm_id = f.alarm_id AND e.note = 'cancelled_at_home')
  AND NOT EXISTS (SELECT FROM scaip_forward b WHERE b.alarm_id = f.alarm_id AND b.what = 'taken_back')
LIMIT %(most)s
"""


async def new_messages(
    connection: AsyncConnection, since: datetime, kinds: list[str], at_most: int
) -> list[tuple[UUID, What]]:
    """Alarms heard from `since` on that a receiving centre is to be told of, and those taken back that it has."""
    cursor = await connection.execute(_NEW, {"since": since, "kinds": kinds, "most": at_most})
    return [(alarm_id, What(what)) for alarm_id, what in await cursor.fetchall()]


async def add(connection: AsyncConnection, reference: str, alarm_id: UUID, what: What) -> bool:
    """False where it stands already."""
    cursor = await connection.execute(
        "INSERT INTO scaip_forward (reference, alarm_id, what) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (reference, alarm_id, what.value),
    )
    return cursor.rowcount == 1


async def open_forward(connection: AsyncConnection, reference: str) -> Forward | None:
    """None where nothing more is to be done. Held until the transaction ends."""
    cursor = await connection.execute(_FORWARD, (reference,))
    row = await cursor.fetchone()
    if row is None:
        return None
    name, alarm_id, what, state, receiver, attempts, age_s, kind, home_id, device_id = row
    return Forward(
        name, alarm_id, What(what), AlarmState(state), receiver, attempts, age_s, AlarmKind(kind), home_id, device_id
    )


async def note_attempt(
    connection: AsyncConnection,
    reference: str,
    state: AlarmState,
    *,
    receiver: int,
    answer: str | None,
    problem: str,
    done: bool,
) -> None:
    await connection.execute(
        "UPDATE scaip_forward SET state = %(state)s, receiver = %(receiver)s, attempts = attempts + 1, "
        "answer = coalesce(%(answer)s::text, answer), problem = %(problem)s, "
        "answered_at = CASE WHEN %(answer)s::text IS NULL THEN answered_at ELSE now() END, "
        "done_at = CASE WHEN %(done)s THEN now() END WHERE reference = %(reference)s",
        {
            "reference": reference,
            "state": state.value,
            "receiver": receiver,
            "answer": answer,
            "problem": problem,
            "done": done,
        },
    )
