"""All SQL of the board and of what live events tell."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.board.model import AlertNews, BoardAlarm, BoardVisit, Figures, OnDuty, SilentHome

_ALARM = """
    SELECT a.alarm_id, coalesce(a.gateway_id, '') AS gateway_id, a.state, a.kind, a.test, a.raised_at, a.heard_at,
           a.elder_id, a.overdue, a.taken_at, a.minutes, a.close_reason, a.closed_at, e.code AS elder_code,
           e.name AS elder_name,
           h.code AS home_code, h.address, h.door_note, h.time_zone, h.region_id, s.name AS who, a.taken_by AS who_id,
           (SELECT max(v.at) FROM alarm_event v WHERE v.alarm_id = a.alarm_id AND v.state = 'on_the_way')
               AS on_the_way_at
    FROM alarm a LEFT JOIN gateway g USING (gateway_id) JOIN home h ON h.home_id = coalesce(a.home_id, g.home_id)
    LEFT JOIN elder e ON e.elder_id = a.elder_id LEFT JOIN staff s ON s.staff_id = a.taken_by
"""

_VISIT = """
    SELECT v.visit_id, v.kind, v.state, v.priority, v.at_risk, v.wish, a.cause, v.asked_at, v.promised_by,
           s.name AS nurse, v.nurse_id, e.elder_id, e.code AS elder_code, e.name AS elder_name, h.address, h.time_zone,
           h.region_id
    FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
    LEFT JOIN alert a USING (alert_id) LEFT JOIN staff s ON s.staff_id = v.nurse_id
"""


async def open_alarms(conn: AsyncConnection, regions: frozenset[int] | None) -> list[BoardAlarm]:
    """Newest first; `regions` None: everywhere."""
    async with conn.cursor(row_factory=class_row(BoardAlarm)) as cursor:
        await cursor.execute(
            _ALARM
            + """WHERE a.state <> 'closed' AND (%s::integer[] IS NULL OR h.region_id = ANY(%s))
                        ORDER BY a.heard_at DESC, a.alarm_id""",
            (_ids(regions), _ids(regions)),
        )
        return await cursor.fetchall()


async def closed_alarms(conn: AsyncConnection, regions: frozenset[int], since: datetime) -> list[BoardAlarm]:
    async with conn.cursor(row_factory=class_row(BoardAlarm)) as cursor:
        await cursor.execute(
            _ALARM
            + """WHERE a.state = 'closed' AND a.closed_at >= %s AND h.region_id = ANY(%s)
                        ORDER BY a.closed_at DESC LIMIT 30""",
            (since, list(regions)),
        )
        return await cursor.fetchall()


async def alarm(conn: AsyncConnection, alarm_id: UUID, regions: frozenset[int] | None = None) -> BoardAlarm | None:
    """One alarm; None where it is not stored, or lies outside `regions` (None: wherever it lies)."""
    async with conn.cursor(row_factory=class_row(BoardAlarm)) as cursor:
        await cursor.execute(
            _ALARM + "WHERE a.alarm_id = %s AND (%s::integer[] IS NULL OR h.region_id = ANY(%s))",
            (alarm_id, _ids(regions), _ids(regions)),
        )
        return await cursor.fetchone()


async def promised_visits(conn: AsyncConnection, regions: frozenset[int], now: datetime) -> list[BoardVisit]:
    """Visits that are due by now and not over, by promise."""
    async with conn.cursor(row_factory=class_row(BoardVisit)) as cursor:
        await cursor.execute(
            _VISIT
            + """WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled')
                          AND coalesce(v.from_at <= %s, true) AND h.region_id = ANY(%s)
                        ORDER BY v.promised_by, v.visit_id""",
            (now, list(regions)),
        )
        return await cursor.fetchall()


async def visit(conn: AsyncConnection, visit_id: int) -> BoardVisit | None:
    async with conn.cursor(row_factory=class_row(BoardVisit)) as cursor:
        await cursor.execute(_VISIT + "WHERE v.visit_id = %s", (visit_id,))
        return await cursor.fetchone()


async def alert(conn: AsyncConnection, alert_id: int) -> AlertNews | None:
    async with conn.cursor(row_factory=class_row(AlertNews)) as cursor:
        await cursor.execute(
            """
            SELECT a.alert_id, a.cause, a.priority, a.state, e.code AS elder_code, e.name AS elder_name, h.region_id
            FROM alert a JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE a.alert_id = %s AND NOT a.held
            """,
            (alert_id,),
        )
        return await cursor.fetchone()


async def silent_homes(conn: AsyncConnection, regions: frozenset[int], heard_before: datetime) -> list[SilentHome]:
    """Homes whose gateway is off line or was last heard before `heard_before`; by street, longest silent first."""
    async with conn.cursor(row_factory=class_row(SilentHome)) as cursor:
        await cursor.execute(
            """
            SELECT g.gateway_id, h.code AS home_code, h.address,
                   CASE WHEN r.level = 'street' THEN r.name ELSE coalesce(p.name, r.name) END AS street,
                   array(SELECT e.name FROM elder e WHERE e.home_id = h.home_id ORDER BY e.elder_id) AS elders,
                   g.online, g.heard_at, h.time_zone, s.scope, m.cause, s.cause AS event_cause,
                   g.status ? 'power' AS knows_power, h.region_id
            FROM gateway g JOIN home h USING (home_id) JOIN region r ON r.region_id = h.region_id
            LEFT JOIN region p ON p.region_id = r.parent_id
            LEFT JOIN silent_gateway m ON m.gateway_id = g.gateway_id AND m.left_at IS NULL
            LEFT JOIN silence s USING (silence_id)
            WHERE h.region_id = ANY(%s) AND (NOT g.online OR g.heard_at IS NULL OR g.heard_at < %s)
            ORDER BY street, g.heard_at NULLS FIRST, g.gateway_id
            """,
            (list(regions), heard_before),
        )
        return await cursor.fetchall()


async def on_duty(conn: AsyncConnection, regions: frozenset[int]) -> list[OnDuty]:
    """Nurses and desk of the regions who are on duty."""
    async with conn.cursor(row_factory=class_row(OnDuty)) as cursor:
        await cursor.execute(
            """
            SELECT staff_id, name, role, phone, region_id FROM staff
            WHERE on_duty AND role IN ('nurse', 'desk') AND region_id = ANY(%s) ORDER BY role, name
            """,
            (list(regions),),
        )
        return await cursor.fetchall()


async def figures(conn: AsyncConnection, regions: frozenset[int]) -> Figures:
    """Counts within `regions`. Dead letters belong to no region: they are the centre's."""
    cursor = await conn.execute(
        """
        WITH seen AS (SELECT e.elder_id FROM elder e JOIN home h USING (home_id) WHERE h.region_id = ANY(%(regions)s)),
             boxes AS (SELECT g.gateway_id FROM gateway g JOIN home h USING (home_id)
                       WHERE h.region_id = ANY(%(regions)s)),
             states AS (SELECT state, count(*) AS n FROM visit JOIN seen USING (elder_id) GROUP BY state)
        SELECT (SELECT coalesce(sum(readings), 0)::bigint FROM outbox_stream JOIN boxes USING (gateway_id)),
               (SELECT count(*) FROM alert JOIN seen USING (elder_id) WHERE state = 'open'),
               (SELECT count(*) FROM alert JOIN seen USING (elder_id)),
               (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM states),
               (SELECT count(*) FROM assessment JOIN visit USING (visit_id) JOIN seen USING (elder_id)),
               (SELECT count(*) FROM alarm LEFT JOIN gateway g USING (gateway_id)
                JOIN home h ON h.home_id = coalesce(alarm.home_id, g.home_id) WHERE h.region_id = ANY(%(regions)s)),
               dead_letter_count()
        """,
        {"regions": list(regions)},
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return Figures(*row)


def _ids(regions: frozenset[int] | None) -> Sequence[int] | None:
    return None if regions is None else list(regions)
