"""All SQL of the quality page. Times are [begin, end); what lies outside of `regions` is not counted.

Somebody came when they stood at the door, whether it was opened or not.
"""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.quality.model import Alerts, Kind, Marks, Promises, Waiting


async def zone_of(conn: AsyncConnection, regions: frozenset[int]) -> str | None:
    """The time zone of most homes; None where there is no home."""
    cursor = await conn.execute(
        "SELECT time_zone FROM home WHERE region_id = ANY(%s) GROUP BY time_zone "
        "ORDER BY count(*) DESC, time_zone LIMIT 1",
        (list(regions),),
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def promises(
    conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime, now: datetime
) -> list[Promises]:
    """By region and priority, as they were given first. The second person of a visit has no promise of their own."""
    async with conn.cursor(row_factory=class_row(Promises)) as cursor:
        await cursor.execute(
            """
            WITH promised AS MATERIALIZED (
                SELECT h.region_id, v.priority, v.state, coalesce(v.promised_first, v.promised_by) AS promised_by,
                       (SELECT min(x.at) FROM visit_event x WHERE x.visit_id = v.visit_id
                        AND x.state IN ('at_the_door', 'no_answer', 'filed')) AS came_at
                FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
                WHERE h.region_id = ANY(%(regions)s) AND v.kind <> 'together'
                  AND coalesce(v.promised_first, v.promised_by) >= %(begin)s
                  AND coalesce(v.promised_first, v.promised_by) < %(end)s
            )
            SELECT region_id, r.name AS region, priority,
                   count(*) FILTER (WHERE came_at <= promised_by) AS kept,
                   count(*) FILTER (WHERE came_at > promised_by) AS late,
                   count(*) FILTER (WHERE came_at IS NULL AND NOT off AND promised_by < %(now)s) AS missed,
                   count(*) FILTER (WHERE came_at IS NULL AND NOT off AND promised_by >= %(now)s) AS to_come,
                   count(*) FILTER (WHERE came_at IS NULL AND off) AS cancelled
            FROM (SELECT *, state = 'cancelled' AS off FROM promised) AS p JOIN region r USING (region_id)
            GROUP BY region_id, r.name, priority
            ORDER BY r.name, region_id, array_position(ARRAY['now', 'today', 'this_week'], priority)
            """,
            {"regions": list(regions), "begin": begin, "end": end, "now": now},
        )
        return await cursor.fetchall()


async def waiting(conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime) -> list[Waiting]:
    """How long it took, of calls heard and of visits asked for within the span. Tests of the button are no calls."""
    async with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(
            """
            WITH asked AS MATERIALIZED (
                SELECT v.kind, v.priority, v.asked_at,
                       (SELECT min(x.at) FROM visit_event x WHERE x.visit_id = v.visit_id
                        AND x.state IN ('at_the_door', 'no_answer', 'filed')) AS came_at,
                       (SELECT min(x.at) FROM visit_event x WHERE x.visit_id = v.visit_id AND x.state = 'accepted')
                           AS accepted_at
                FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
                WHERE h.region_id = ANY(%(regions)s) AND v.asked_at >= %(begin)s AND v.asked_at < %(end)s
            ), waited (place, what, seconds) AS (
                SELECT 1, 'call_taken', extract(epoch FROM a.taken_at - a.heard_at)
                FROM alarm a LEFT JOIN gateway g USING (gateway_id)
                JOIN home h ON h.home_id = coalesce(a.home_id, g.home_id)
                WHERE h.region_id = ANY(%(regions)s) AND NOT a.test AND a.heard_at >= %(begin)s AND a.heard_at < %(end)s
                UNION ALL SELECT 2, 'call_door', extract(epoch FROM came_at - asked_at) FROM asked WHERE kind = 'alarm'
                UNION ALL SELECT 3, 'alert_accepted', extract(epoch FROM accepted_at - asked_at)
                          FROM asked WHERE kind = 'alert'
                UNION ALL SELECT 4, 'urgent_door', extract(epoch FROM came_at - asked_at)
                          FROM asked WHERE kind = 'alert' AND priority = 'now'
                UNION ALL SELECT 5, 'alert_door', extract(epoch FROM came_at - asked_at)
                          FROM asked WHERE kind = 'alert' AND priority <> 'now'
                UNION ALL SELECT 6, 'request_door', extract(epoch FROM came_at - asked_at)
                          FROM asked WHERE kind = 'request'
            )
            SELECT what, count(seconds)::integer AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_s,
                   percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90_s
            FROM waited WHERE seconds IS NOT NULL GROUP BY place, what ORDER BY place
            """,
            {"regions": list(regions), "begin": begin, "end": end},
        )
        return await cursor.fetchall()


async def kinds(conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime) -> list[Kind]:
    """Most frequent first."""
    async with conn.cursor(row_factory=class_row(Kind)) as cursor:
        await cursor.execute(
            """
            SELECT v.kind, count(*) FILTER (WHERE v.state IN ('filed', 'assessed', 'closed')) AS made,
                   count(*) FILTER (WHERE v.state = 'cancelled') AS cancelled,
                   count(*) FILTER (WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled')) AS open
            FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE h.region_id = ANY(%(regions)s) AND v.asked_at >= %(begin)s AND v.asked_at < %(end)s
            GROUP BY v.kind ORDER BY count(*) DESC, v.kind
            """,
            {"regions": list(regions), "begin": begin, "end": end},
        )
        return await cursor.fetchall()


async def alerts(conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime) -> list[Alerts]:
    """Most frequent first. Alerts that are still held back sent nobody and do not count."""
    async with conn.cursor(row_factory=class_row(Alerts)) as cursor:
        await cursor.execute(
            """
            SELECT a.cause, count(*) FILTER (WHERE a.verdict = 'right') AS right,
                   count(*) FILTER (WHERE a.verdict = 'technique') AS technique,
                   count(*) FILTER (WHERE a.verdict = 'false') AS false,
                   count(*) FILTER (WHERE a.verdict IS NULL AND a.state = 'closed') AS unjudged,
                   count(*) FILTER (WHERE a.verdict IS NULL AND a.state = 'open') AS open
            FROM alert a JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE h.region_id = ANY(%(regions)s) AND NOT a.held AND a.raised_at >= %(begin)s AND a.raised_at < %(end)s
            GROUP BY a.cause ORDER BY count(*) DESC, a.cause
            """,
            {"regions": list(regions), "begin": begin, "end": end},
        )
        return await cursor.fetchall()


async def marks(conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime) -> list[Marks]:
    """By the nurse who reported and by the home's region, each by name."""
    async with conn.cursor(row_factory=class_row(Marks)) as cursor:
        await cursor.execute(
            """
            WITH given AS MATERIALIZED (
                SELECT m.face, r.staff_id, h.region_id
                FROM assessment m JOIN visit v USING (visit_id) JOIN elder e USING (elder_id)
                JOIN home h USING (home_id) JOIN visit_report r USING (visit_id)
                WHERE h.region_id = ANY(%(regions)s) AND m.assessed_at >= %(begin)s AND m.assessed_at < %(end)s
            ), named AS (
                SELECT 'nurse' AS of, s.staff_id AS key, s.name, face FROM given JOIN staff s USING (staff_id)
                UNION ALL SELECT 'region', r.region_id, r.name, face FROM given JOIN region r USING (region_id)
            )
            SELECT of, key, name, count(*) AS n, sum(face) AS total, count(*) FILTER (WHERE face >= 4) AS content,
                   count(*) FILTER (WHERE face <= 2) AS low
            FROM named GROUP BY of, key, name ORDER BY of, name, key
            """,
            {"regions": list(regions), "begin": begin, "end": end},
        )
        return await cursor.fetchall()


async def reports(conn: AsyncConnection, regions: frozenset[int], begin: datetime, end: datetime) -> int:
    """Reports filed within the span."""
    cursor = await conn.execute(
        """
        SELECT count(*) FROM visit_report r JOIN visit v USING (visit_id) JOIN elder e USING (elder_id)
        JOIN home h USING (home_id)
        WHERE h.region_id = ANY(%(regions)s) AND r.filed_at >= %(begin)s AND r.filed_at < %(end)s
        """,
        {"regions": list(regions), "begin": begin, "end": end},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
