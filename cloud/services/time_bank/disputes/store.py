"""All SQL of disputes. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.services.time_bank.disputes.model import Dispute, Outcome

_DISPUTE = (
    "SELECT d.dispute_id, d.entry_id, d.account_id, coalesce(s.name, o.name, '') AS who, d.words, d.said_at, e.kind, "
    "e.at, l.minutes, e.visit_id, d.outcome, d.answer "
    "FROM time_dispute d JOIN time_entry e USING (entry_id) JOIN time_line l USING (entry_id, account_id) "
    "JOIN time_account a USING (account_id) LEFT JOIN staff s ON s.staff_id = a.staff_id "
    "LEFT JOIN elder o ON o.elder_id = a.elder_id "
)


async def say(connection: AsyncConnection, account_id: int, entry_id: UUID, words: str, at: datetime) -> None:
    """This account's owner says that a deed of theirs is not right; said again, the newest words stand.

    Raises NotFound where the deed is not on this account, and Conflict where it was answered already.
    """
    cursor = await connection.execute(
        "SELECT (SELECT count(*) FROM time_dispute d WHERE d.entry_id = l.entry_id AND d.account_id = l.account_id "
        "AND d.outcome IS NOT NULL) FROM time_line l WHERE l.entry_id = %s AND l.account_id = %s",
        (entry_id, account_id),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound("there is no such line on this account")
    if row[0]:
        raise Conflict("this was answered already; ask the centre in person")
    await connection.execute(
        "INSERT INTO time_dispute (entry_id, account_id, words, said_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (entry_id, account_id) WHERE outcome IS NULL DO UPDATE SET words = excluded.words",
        (entry_id, account_id, words, at),
    )


async def waiting(connection: AsyncConnection) -> list[Dispute]:
    """Those that nobody answered, of accounts that the caller sees, the oldest first."""
    async with connection.cursor(row_factory=class_row(Dispute)) as cursor:
        await cursor.execute(_DISPUTE + "WHERE d.outcome IS NULL ORDER BY d.said_at, d.dispute_id LIMIT 200")
        return await cursor.fetchall()


async def of_account(connection: AsyncConnection, account_id: int) -> list[Dispute]:
    """The newest first."""
    async with connection.cursor(row_factory=class_row(Dispute)) as cursor:
        await cursor.execute(_DISPUTE + "WHERE d.account_id = %s ORDER BY d.said_at DESC LIMIT 50", (account_id,))
        return await cursor.fetchall()


async def open_dispute(connection: AsyncConnection, dispute_id: int) -> Dispute:
    """Raises NotFound where there is none, or it was answered."""
    async with connection.cursor(row_factory=class_row(Dispute)) as cursor:
        await cursor.execute(_DISPUTE + "WHERE d.dispute_id = %s AND d.outcome IS NULL FOR UPDATE OF d", (dispute_id,))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("nobody waits for an answer to this")
    return found


async def answer(
    connection: AsyncConnection, dispute_id: int, outcome: Outcome, words: str, *, staff_id: int, at: datetime
) -> None:
    await connection.execute(
        "UPDATE time_dispute SET outcome = %s, answer = %s, answered_by = %s, answered_at = %s WHERE dispute_id = %s",
        (outcome, words, staff_id, at, dispute_id),
    )
