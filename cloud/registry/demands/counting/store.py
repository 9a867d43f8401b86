"""All SQL of counting demands. Each function works in the caller's transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection


@dataclass(frozen=True)
class Counted:
    region_id: int
    community: str
    kind: str | None
    """None: nobody said which kind it is."""
    month: date
    """Its first day, by the homes' clock."""
    count: int


async def by_month(
    connection: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime
) -> list[Counted]:
    """Wishes first said within the span, by community, kind and month. What was said again counts once."""
    async with connection.cursor(row_factory=class_row(Counted)) as cursor:
        await cursor.execute(
            """
            SELECT h.region_id, r.name AS community, d.kind,
                   date_trunc('month', d.said_at AT TIME ZONE h.time_zone)::date AS month, count(*)::integer AS count
            FROM demand d JOIN elder e USING (elder_id) JOIN home h USING (home_id) JOIN region r USING (region_id)
            WHERE h.region_id = ANY(%s) AND d.said_at >= %s AND d.said_at < %s
            GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 3, 4
            """,
            (list(regions), begin, end),
        )
        return await cursor.fetchall()
