"""All SQL of days off. Each function works in the caller's transaction."""

from collections.abc import Collection
from datetime import date, datetime

from psycopg.errors import ExclusionViolation

from cloud.db.names import NOTIFY, VISIT
from cloud.db.pool import AsyncConnection


async def put(  # noqa: PLR0917 - who is away when, by whose word, and when it was said
    connection: AsyncConnection, staff_id: int, first: date, last: date, by: int, at: datetime
) -> int | None:
    """From `first` to `last`, both included; None where she is away on one of these days already."""
    try:
        async with connection.transaction():
            cursor = await connection.execute(
                "INSERT INTO absence (staff_id, during, noted_by, noted_at) "
                "VALUES (%s, daterange(%s, %s, '[]'), %s, %s) RETURNING absence_id",
                (staff_id, first, last, by, at),
            )
            row = await cursor.fetchone()
    except ExclusionViolation:
        return None
    await connection.execute(NOTIFY, (VISIT, "0"))
    return None if row is None else int(row[0])


async def take_back(connection: AsyncConnection, staff_id: int, day: date) -> bool:
    """She works on the days off that `day` is one of after all; False where she is not away then."""
    cursor = await connection.execute("DELETE FROM absence WHERE staff_id = %s AND during @> %s::date", (staff_id, day))
    await connection.execute(NOTIFY, (VISIT, "0"))
    return cursor.rowcount == 1


async def works_in(connection: AsyncConnection, staff_id: int, regions: Collection[int]) -> bool:
    """Whether this is a nurse of one of `regions`."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM staff WHERE staff_id = %s AND role = 'nurse' AND region_id = ANY(%s))",
        (staff_id, sorted(regions)),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def left_behind(connection: AsyncConnection) -> list[int]:
    """Visits on a day off of the nurse who has them, is asked or is pinned to them, since before it was noted; locked.

    What she accepts afterwards, or is on her way to, is hers.
    """
    cursor = await connection.execute(
        """
        SELECT v.visit_id FROM absence a
        JOIN visit v ON a.staff_id = v.nurse_id AND v.state IN ('assigned', 'accepted')
                     OR a.staff_id = v.pinned_to AND v.state IN ('proposed', 'assigned')
        JOIN elder e USING (elder_id) JOIN home h USING (home_id)
        LEFT JOIN route_stop t ON t.visit_id = v.visit_id LEFT JOIN route r USING (route_id)
        WHERE a.noted_at IS NOT NULL
          AND a.during @> coalesce(r.day, (coalesce(v.from_at, v.promised_by) AT TIME ZONE h.time_zone)::date)
          AND NOT EXISTS (SELECT FROM visit_event x WHERE x.visit_id = v.visit_id AND x.at > a.noted_at
                          AND x.state IN ('assigned', 'accepted'))
        ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED
        """
    )
    return [row[0] for row in await cursor.fetchall()]


async def unpin(connection: AsyncConnection, visit_id: int) -> None:
    await connection.execute("UPDATE visit SET pinned_to = NULL, pinned_at = NULL WHERE visit_id = %s", (visit_id,))
