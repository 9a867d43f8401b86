"""All SQL of the page of days off."""

from datetime import date

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.dispatch.model import DaysOff, Member


async def nurses_of(conn: AsyncConnection, regions: frozenset[int]) -> list[Member]:
    """All nurses of `regions`, by name."""
    async with conn.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(
            "SELECT staff_id AS nurse_id, name FROM staff WHERE role = 'nurse' AND region_id = ANY(%s) "
            "ORDER BY name, staff_id",
            (list(regions),),
        )
        return await cursor.fetchall()


async def days_off(conn: AsyncConnection, regions: frozenset[int], since: date) -> list[DaysOff]:
    """Of the nurses of `regions`, those that are not over before `since`, in their order."""
    async with conn.cursor(row_factory=class_row(DaysOff)) as cursor:
        await cursor.execute(
            """
            SELECT a.absence_id, s.staff_id AS nurse_id, s.name, coalesce(lower(a.during), %(since)s) AS first,
                   coalesce(upper(a.during) - 1, '9999-12-31') AS last, n.name AS noted_by,
                   CASE WHEN a.during @> %(since)s::date THEN
                       (SELECT count(*) FROM visit v WHERE v.nurse_id = s.staff_id
                        AND v.state IN ('travelling', 'at_the_door', 'no_answer')) ELSE 0 END AS going
            FROM absence a JOIN staff s ON s.staff_id = a.staff_id LEFT JOIN staff n ON n.staff_id = a.noted_by
            WHERE s.role = 'nurse' AND s.region_id = ANY(%(regions)s)
              AND coalesce(upper(a.during) > %(since)s, true)
            ORDER BY lower(a.during), s.name, a.absence_id LIMIT 300
            """,
            {"regions": list(regions), "since": since},
        )
        return await cursor.fetchall()
