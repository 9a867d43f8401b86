"""All SQL of pushes that ask nurses. Each function works in the caller's transaction; times are the database's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.names import NOTIFY, VISIT
from cloud.db.pool import AsyncConnection

# The step with which a visit that waits for an answer was given to whom it waits for.
_ASKED = """
    SELECT DISTINCT ON (v.visit_id) v.visit_id, v.nurse_id, v.priority, e.visit_event_id, e.staff_id AS by, e.at
    FROM visit v JOIN visit_event e USING (visit_id) WHERE v.state = 'assigned' AND e.state = 'assigned'
    ORDER BY v.visit_id, e.visit_event_id DESC
"""


@dataclass(frozen=True)
class Waiting:
    """A push that is to be sent now."""

    notice_id: UUID
    visit_id: int
    subscription_id: int | None
    attempts: int
    """Before this one."""
    age: timedelta
    still_asked: bool
    """It is still this nurse who is asked."""
    priority: str
    promised_by: datetime
    answer_by: datetime | None
    time_zone: str


async def put_pushes(connection: AsyncConnection) -> list[UUID]:
    """Adds a push for each browser of each nurse who is asked and was not told so; asked again it adds none.

    What the centre itself plans for later this week stands on her list, and makes no phone ring.
    """
    cursor = await connection.execute(
        f"INSERT INTO visit_push (notice_id, visit_id, visit_event_id, staff_id, subscription_id) "  # noqa: S608 - ours
        f"SELECT gen_random_uuid(), asked.visit_id, asked.visit_event_id, asked.nurse_id, s.subscription_id "
        f"FROM ({_ASKED}) AS asked JOIN push_subscription s ON s.staff_id = asked.nurse_id AND s.gone_at IS NULL "
        "WHERE (asked.priority <> 'this_week' OR asked.by IS NOT NULL) "
        "AND NOT EXISTS (SELECT FROM visit_push p WHERE p.visit_event_id = asked.visit_event_id) "
        "ON CONFLICT DO NOTHING RETURNING notice_id"
    )
    return [row[0] for row in await cursor.fetchall()]


async def unreached(connection: AsyncConnection, asked_before: datetime) -> list[int]:
    """Urgent visits whose nurse was told before then, by phones of which none says that it has it; locked."""
    cursor = await connection.execute(
        f"SELECT v.visit_id FROM visit v JOIN ({_ASKED}) AS asked USING (visit_id) "  # noqa: S608 - ours
        "WHERE asked.priority = 'now' AND asked.at <= %s "
        "AND EXISTS (SELECT FROM visit_push p WHERE p.visit_event_id = asked.visit_event_id) "
        "AND NOT EXISTS (SELECT FROM visit_push p WHERE p.visit_event_id = asked.visit_event_id "
        "AND (p.delivered_at IS NOT NULL OR p.opened_at IS NOT NULL)) "
        "ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED",
        (asked_before,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def waiting(connection: AsyncConnection, notice_id: UUID) -> Waiting | None:
    """None where it is sent, or given up."""
    async with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(
            """
            SELECT p.notice_id, p.visit_id, p.subscription_id, p.attempts, now() - p.asked_at AS age,
                   v.state = 'assigned' AND v.nurse_id = p.staff_id AS still_asked, v.priority, v.promised_by,
                   v.answer_by, h.time_zone
            FROM visit_push p JOIN visit v USING (visit_id) JOIN elder USING (elder_id) JOIN home h USING (home_id)
            WHERE p.notice_id = %s AND p.sent_at IS NULL AND p.failed_at IS NULL
            """,
            (notice_id,),
        )
        return await cursor.fetchone()


async def set_sent(connection: AsyncConnection, notice_id: UUID) -> None:
    """The push service took it."""
    await connection.execute(
        "UPDATE visit_push SET sent_at = now(), attempts = attempts + 1, problem = '' WHERE notice_id = %s",
        (notice_id,),
    )


async def set_not_sent(connection: AsyncConnection, notice_id: UUID, problem: str, *, again: bool) -> None:
    await connection.execute(
        "UPDATE visit_push SET attempts = attempts + 1, problem = %s, "
        "failed_at = CASE WHEN %s THEN NULL ELSE now() END WHERE notice_id = %s",
        (problem, again, notice_id),
    )


async def note_receipt(connection: AsyncConnection, notice_id: UUID, *, opened: bool) -> float | None:
    """A phone says that it has the push, or that somebody touched it. Seconds since it was asked for, the first time;
    None for a receipt that is known, or of no push of ours."""
    cursor = await connection.execute(
        "UPDATE visit_push SET delivered_at = coalesce(delivered_at, now()), "
        "opened_at = CASE WHEN %(opened)s THEN coalesce(opened_at, now()) ELSE opened_at END "
        "WHERE notice_id = %(notice)s AND (delivered_at IS NULL OR (%(opened)s AND opened_at IS NULL)) "
        "RETURNING visit_id, subscription_id, extract(epoch FROM now() - asked_at)::float8",
        {"notice": notice_id, "opened": opened},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    await connection.execute("UPDATE push_subscription SET receipt_at = now() WHERE subscription_id = %s", (row[1],))
    await connection.execute(NOTIFY, (VISIT, str(row[0])))
    return float(row[2])
