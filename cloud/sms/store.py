"""All SQL of the outbox of texts. Each function works in the caller's transaction; times are the database's own."""

from typing import Any

from cloud.db.names import NOTIFY, SMS
from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.sms.model import Sms, SmsState

_GET = (
    "SELECT sms_id, recipient, body, state, attempts, asked_at, sent_at, delivered_at, problem FROM sms "
    "WHERE sms_id = %s"
)
_CLAIM = """
UPDATE sms SET attempts = attempts + 1, due_at = now() + make_interval(secs => %s)
WHERE sms_id IN (SELECT sms_id FROM sms WHERE state = 'waiting' AND due_at <= now() ORDER BY sms_id
                 LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING sms_id, recipient, body, state, attempts, asked_at, sent_at, delivered_at, problem
"""
_FORGOTTEN_AFTER_H = 48
"""Reports that come later than this are about somebody else: a modem counts its references to 255 only."""


async def add(connection: AsyncConnection, recipient: str, body: str, give_up_after_s: float) -> int:
    cursor = await connection.execute(
        "INSERT INTO sms (recipient, body, give_up_at) VALUES (%s, %s, now() + make_interval(secs => %s)) "
        "RETURNING sms_id",
        (recipient, body, give_up_after_s),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - RETURNING of one insert
    await _tell(connection, row[0])
    return int(row[0])


async def get(connection: AsyncConnection, sms_id: int) -> Sms:
    """Raises NotFound."""
    cursor = await connection.execute(_GET, (sms_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no text {sms_id}")
    return _sms(row)


async def claim(connection: AsyncConnection, lease_s: float, at_most: int) -> list[Sms]:
    """Texts to be tried now, oldest first. Nobody else is given them for `lease_s`: what a killed process held is
    tried again after that."""
    cursor = await connection.execute(_CLAIM, (lease_s, at_most))
    return sorted((_sms(row) for row in await cursor.fetchall()), key=lambda sms: sms.sms_id)


async def set_sent(connection: AsyncConnection, sms_id: int, references: list[int]) -> None:
    await connection.execute(
        "UPDATE sms SET state = 'sent', sent_at = now(), message_references = %s, problem = '' "
        "WHERE sms_id = %s AND state = 'waiting'",
        (references, sms_id),
    )
    await _tell(connection, sms_id)


async def set_not_sent(connection: AsyncConnection, sms_id: int, problem: str, *, again_in_s: float | None) -> None:
    """Tried again after `again_in_s`; None, or a text that is too old by then: it has failed."""
    await connection.execute(
        "UPDATE sms SET problem = %(problem)s, "
        "state = CASE WHEN %(again)s::float8 IS NULL OR now() + make_interval(secs => %(again)s::float8) > give_up_at "
        "THEN 'failed' ELSE 'waiting' END, "
        "due_at = now() + make_interval(secs => coalesce(%(again)s::float8, 0)) "
        "WHERE sms_id = %(sms)s AND state = 'waiting'",
        {"problem": problem, "again": again_in_s, "sms": sms_id},
    )
    await _tell(connection, sms_id)


async def report(connection: AsyncConnection, recipient: str, reference: int, problem: str | None) -> int | None:
    """A delivery report of one part; `problem`: None where the phone has it. The text it is about, None for no text
    of ours. The newest text that fits is meant: references come round again."""
    cursor = await connection.execute(
        "SELECT sms_id FROM sms WHERE state = 'sent' AND recipient = %s AND %s = ANY(message_references) "
        "AND sent_at > now() - make_interval(hours => %s) ORDER BY sms_id DESC LIMIT 1 FOR UPDATE",
        (recipient, reference, _FORGOTTEN_AFTER_H),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    sms_id = int(row[0])
    if problem is None:
        await connection.execute(
            "UPDATE sms SET parts_delivered = array_append(array_remove(parts_delivered, %s), %s) WHERE sms_id = %s",
            (reference, reference, sms_id),
        )
        await connection.execute(
            "UPDATE sms SET state = 'delivered', delivered_at = now() "
            "WHERE sms_id = %s AND parts_delivered @> message_references",
            (sms_id,),
        )
    else:
        await connection.execute("UPDATE sms SET state = 'failed', problem = %s WHERE sms_id = %s", (problem, sms_id))
    await _tell(connection, sms_id)
    return sms_id


async def _tell(connection: AsyncConnection, sms_id: int) -> None:
    await connection.execute(NOTIFY, (SMS, str(sms_id)))


def _sms(row: tuple[Any, ...]) -> Sms:
    sms_id, recipient, body, state, attempts, asked_at, sent_at, delivered_at, problem = row
    return Sms(sms_id, recipient, body, SmsState(state), attempts, asked_at, sent_at, delivered_at, problem)
