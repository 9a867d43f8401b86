"""All SQL of what phones told. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from cloud.db.pool import AsyncConnection


async def note_act(  # noqa: PLR0917 - who told what of which visit, and when
    connection: AsyncConnection, staff_id: int, key: UUID, visit_id: int, did_at: datetime, told_at: datetime
) -> bool:
    """False where this person told it before: nothing is to be done again."""
    cursor = await connection.execute(
        "INSERT INTO visit_act (staff_id, key, visit_id, did_at, told_at) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (staff_id, key, visit_id, did_at, told_at),
    )
    return cursor.rowcount == 1


async def moment_of(connection: AsyncConnection, visit_id: int, did_at: datetime, now: datetime) -> datetime:
    """`did_at` by the phone's clock, held between the visit's last step and now."""
    cursor = await connection.execute(
        "SELECT least(greatest(%s, max(at)), %s) FROM visit_event WHERE visit_id = %s", (did_at, now, visit_id)
    )
    row = await cursor.fetchone()
    moment: datetime = row[0] if row else now
    return moment
