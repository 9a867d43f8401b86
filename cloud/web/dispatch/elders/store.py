"""All SQL of the page of one elder's visits to come."""

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.dispatch.model import Awaited, Rhythm


async def awaited(conn: AsyncConnection, elder_id: int) -> list[Awaited]:
    """Visits that are not over, by promise."""
    async with conn.cursor(row_factory=class_row(Awaited)) as cursor:
        await cursor.execute(
            """
            SELECT v.visit_id, v.kind, v.state, v.priority, v.at_risk, v.wish, a.cause, v.asked_at, v.promised_by,
                   v.asked_by, s.name AS nurse, t.arrives_at, h.time_zone
            FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id) LEFT JOIN alert a USING (alert_id)
            LEFT JOIN staff s ON s.staff_id = v.nurse_id LEFT JOIN route_stop t ON t.visit_id = v.visit_id
            WHERE v.elder_id = %s AND v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled')
            ORDER BY v.promised_by, v.visit_id LIMIT 60
            """,
            (elder_id,),
        )
        return await cursor.fetchall()


async def rhythm(conn: AsyncConnection, elder_id: int) -> Rhythm | None:
    """The one in force: the staff's before the one by risk."""
    async with conn.cursor(row_factory=class_row(Rhythm)) as cursor:
        await cursor.execute(
            """
            SELECT r.every_days, r.from_time, r.to_time, r.skills, r.minutes, r.people, r.made_by, r.class AS klass,
                   r.next_on, r.made_at, s.name AS who
            FROM regular_visit r LEFT JOIN staff s USING (staff_id)
            WHERE r.elder_id = %s AND r.ended_at IS NULL ORDER BY r.made_by DESC LIMIT 1
            """,
            (elder_id,),
        )
        return await cursor.fetchone()


async def skills_of(conn: AsyncConnection, regions: frozenset[int]) -> list[str]:
    """What the nurses who work in `regions` or above them can do, by name."""
    cursor = await conn.execute(
        """
        WITH RECURSIVE place AS (
            SELECT region_id, parent_id FROM region WHERE region_id = ANY(%s)
            UNION SELECT r.region_id, r.parent_id FROM place p JOIN region r ON r.region_id = p.parent_id)
        SELECT DISTINCT unnest(s.skills) AS skill FROM staff s JOIN place USING (region_id)
        WHERE s.role = 'nurse' ORDER BY skill
        """,
        (list(regions),),
    )
    return [row[0] for row in await cursor.fetchall()]
