"""All SQL of photos and spoken words. Each function works in the caller's transaction, and sees what its caller may."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.visits.media.model import Content, Medium, MediumKind


async def agreed(connection: AsyncConnection, visit_id: int, kind: MediumKind) -> bool:
    """Whether the visit's elder agreed that such a thing is kept."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM consent c JOIN visit v USING (elder_id) WHERE v.visit_id = %s AND c.purpose = %s "
        "AND c.withdrawn_at IS NULL)",
        (visit_id, "photos" if kind is MediumKind.PHOTO else "voice"),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def keep_photo(
    connection: AsyncConnection,
    medium_id: UUID,
    visit_id: int,
    staff_id: int,
    content: Content,
    *,
    taken_at: datetime,
    now: datetime,
    at_most: int,
) -> bool:
    """False where the visit has `at_most` already. The same one again is kept once."""
    await connection.execute("SELECT FROM visit WHERE visit_id = %s FOR UPDATE", (visit_id,))  # one after the other
    cursor = await connection.execute(
        "INSERT INTO visit_medium (medium_id, visit_id, kind, staff_id, media_type, content, taken_at, stored_at) "
        "SELECT %(id)s, %(visit)s, 'photo', %(staff)s, %(type)s, %(data)s, %(taken)s, %(now)s "
        "WHERE (SELECT count(*) FROM visit_medium WHERE visit_id = %(visit)s AND kind = 'photo') < %(most)s "
        "ON CONFLICT DO NOTHING",
        {
            "id": medium_id,
            "visit": visit_id,
            "staff": staff_id,
            "type": content.media_type,
            "data": content.data,
            "taken": taken_at,
            "now": now,
            "most": at_most,
        },
    )
    if cursor.rowcount == 1:
        return True
    known = await connection.execute(
        "SELECT FROM visit_medium WHERE medium_id = %s AND visit_id = %s", (medium_id, visit_id)
    )
    return await known.fetchone() is not None


async def keep_voice(
    connection: AsyncConnection, medium_id: UUID, visit_id: int, content: Content, *, now: datetime
) -> None:
    """What the elder says anew takes the place of what they said before."""
    await connection.execute(
        "INSERT INTO visit_medium AS known (medium_id, visit_id, kind, media_type, content, taken_at, stored_at) "
        "VALUES (%s, %s, 'voice', %s, %s, %s, %s) ON CONFLICT (visit_id) WHERE kind = 'voice' DO UPDATE SET "
        "medium_id = excluded.medium_id, media_type = excluded.media_type, content = excluded.content, "
        "taken_at = excluded.taken_at, stored_at = excluded.stored_at",
        (medium_id, visit_id, content.media_type, content.data, now, now),
    )


async def media_of(connection: AsyncConnection, visit_id: int) -> list[Medium]:
    """In the order in which they were taken."""
    async with connection.cursor(row_factory=class_row(Medium)) as cursor:
        await cursor.execute(
            "SELECT m.medium_id, m.kind, m.media_type, m.taken_at, s.name AS who FROM visit_medium m "
            "LEFT JOIN staff s USING (staff_id) WHERE m.visit_id = %s ORDER BY m.taken_at, m.medium_id",
            (visit_id,),
        )
        return await cursor.fetchall()


async def content_of(connection: AsyncConnection, visit_id: int, medium_id: UUID) -> Content | None:
    cursor = await connection.execute(
        "SELECT media_type, content FROM visit_medium WHERE medium_id = %s AND visit_id = %s", (medium_id, visit_id)
    )
    row = await cursor.fetchone()
    return None if row is None else Content(row[0], bytes(row[1]))


async def set_staff_photo(connection: AsyncConnection, staff_id: int, data: bytes, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO staff_photo (staff_id, content, stored_at) VALUES (%s, %s, %s) "
        "ON CONFLICT (staff_id) DO UPDATE SET content = excluded.content, stored_at = excluded.stored_at",
        (staff_id, data, now),
    )


async def remove_staff_photo(connection: AsyncConnection, staff_id: int) -> None:
    await connection.execute("DELETE FROM staff_photo WHERE staff_id = %s", (staff_id,))


async def staff_photo(connection: AsyncConnection, staff_id: int) -> bytes | None:
    """None: there is none, or not for whom it is asked."""
    cursor = await connection.execute("SELECT content FROM staff_photo WHERE staff_id = %s", (staff_id,))
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])


async def seen_of_staff(connection: AsyncConnection, staff_ids: list[int]) -> frozenset[int]:
    """Those of `staff_ids` with a photo that may be shown here."""
    cursor = await connection.execute("SELECT staff_id FROM staff_photo WHERE staff_id = ANY(%s)", (staff_ids,))
    return frozenset(row[0] for row in await cursor.fetchall())
