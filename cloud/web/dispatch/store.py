"""All SQL of the dispatcher's page."""

from datetime import date

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.dispatch.model import MovedVisit, OnDuty, Planned

_PLANNED = """
    SELECT v.visit_id, v.kind, v.state, v.priority, v.at_risk, v.wish, a.cause, v.asked_at, v.promised_by,
           v.promised_first, v.nurse_id, s.name AS nurse, e.elder_id, e.name AS elder_name, h.address, h.time_zone,
           h.region_id, v.pinned_to, v.pinned_at, v.together_with, r.nurse_id AS route_nurse_id, r.day,
           t.arrives_at, t.leaves_at, t.travel_min, u.why AS why_not, u.words
    FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id) LEFT JOIN alert a USING (alert_id)
    LEFT JOIN staff s ON s.staff_id = v.nurse_id LEFT JOIN route_stop t ON t.visit_id = v.visit_id
    LEFT JOIN route r USING (route_id) LEFT JOIN unplanned u ON u.visit_id = v.visit_id
"""
_LARGEST_ID = 2**63 - 1


async def on_day(conn: AsyncConnection, regions: frozenset[int], day: date) -> list[Planned]:
    """What stands in the routes of `day`, by arrival."""
    async with conn.cursor(row_factory=class_row(Planned)) as cursor:
        await cursor.execute(
            _PLANNED
            + "WHERE r.day = %s AND v.state <> 'cancelled' AND h.region_id = ANY(%s) ORDER BY t.arrives_at, v.visit_id",
            (day, list(regions)),
        )
        return await cursor.fetchall()


async def in_no_route(conn: AsyncConnection, regions: frozenset[int]) -> list[Planned]:
    """Open visits that are due and stand in no route, by promise."""
    async with conn.cursor(row_factory=class_row(Planned)) as cursor:
        await cursor.execute(
            _PLANNED + "WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') AND t.visit_id IS NULL "
            "AND v.goer = 'nurse' "
            "AND (u.visit_id IS NOT NULL OR v.from_at IS NULL) AND h.region_id = ANY(%s) "
            "ORDER BY v.priority <> 'now', v.promised_by, v.visit_id LIMIT 300",
            (list(regions),),
        )
        return await cursor.fetchall()


async def planned(conn: AsyncConnection, visit_id: int, regions: frozenset[int]) -> Planned:
    """Raises NotFound where there is no such visit in `regions`."""
    async with conn.cursor(row_factory=class_row(Planned)) as cursor:
        if 0 <= visit_id <= _LARGEST_ID:
            await cursor.execute(
                _PLANNED + "WHERE v.visit_id = %s AND h.region_id = ANY(%s)", (visit_id, list(regions))
            )
            found = await cursor.fetchone()
            if found is not None:
                return found
    raise NotFound(f"There is no visit {visit_id} in your community.")


async def nurses(conn: AsyncConnection, regions: frozenset[int], day: date) -> list[OnDuty]:
    """Nurses on duty of `regions` or who have a visit there that day, by name."""
    async with conn.cursor(row_factory=class_row(OnDuty)) as cursor:
        await cursor.execute(
            """
            SELECT s.staff_id AS nurse_id, s.name, r.begins_at, r.ends_at,
                   EXISTS (SELECT FROM absence b WHERE b.staff_id = s.staff_id AND b.during @> %(day)s::date) AS away
            FROM staff s LEFT JOIN route r ON r.nurse_id = s.staff_id AND r.day = %(day)s
            WHERE s.role = 'nurse' AND (s.on_duty AND s.region_id = ANY(%(regions)s) OR EXISTS (
                SELECT FROM route_stop t JOIN visit v USING (visit_id) JOIN elder e USING (elder_id)
                JOIN home h USING (home_id) WHERE t.route_id = r.route_id AND h.region_id = ANY(%(regions)s)))
            ORDER BY s.name, s.staff_id
            """,
            {"day": day, "regions": list(regions)},
        )
        return await cursor.fetchall()


async def moves(conn: AsyncConnection, visit_id: int) -> list[MovedVisit]:
    """What was told anew of a visit, newest first."""
    async with conn.cursor(row_factory=class_row(MovedVisit)) as cursor:
        await cursor.execute(
            """
            SELECT m.at, m.why, m.because_id, b.name AS nurse_before, s.name AS nurse, m.arrival_before, m.arrival,
                   m.promised_before, m.promised_by
            FROM visit_moved m JOIN staff b ON b.staff_id = m.nurse_before JOIN staff s ON s.staff_id = m.nurse_id
            WHERE m.visit_id = %s ORDER BY m.visit_moved_id DESC LIMIT 20
            """,
            (visit_id,),
        )
        return await cursor.fetchall()


async def zone_of_regions(conn: AsyncConnection, regions: frozenset[int]) -> str:
    """The time zone of most homes in `regions`."""
    cursor = await conn.execute(
        "SELECT time_zone FROM home WHERE region_id = ANY(%s) GROUP BY time_zone ORDER BY count(*) DESC, time_zone "
        "LIMIT 1",
        (list(regions),),
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "Asia/Shanghai"


async def names_of(conn: AsyncConnection, visit_ids: list[int]) -> dict[int, str]:
    """Of the elders, by visit."""
    cursor = await conn.execute(
        "SELECT v.visit_id, e.name FROM visit v JOIN elder e USING (elder_id) WHERE v.visit_id = ANY(%s)", (visit_ids,)
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
