"""SQL of what the board shows besides calls, promised visits and silent homes."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.board.model import BoardAlert, Change, Community

MOST_NEWS = 1000


async def communities(conn: AsyncConnection, regions: frozenset[int]) -> list[Community]:
    """Those of `regions` in which somebody lives, by name."""
    async with conn.cursor(row_factory=class_row(Community)) as cursor:
        await cursor.execute(
            """
            SELECT region_id, name FROM region r
            WHERE region_id = ANY(%s) AND EXISTS (SELECT FROM home h WHERE h.region_id = r.region_id)
            ORDER BY name, region_id
            """,
            (list(regions),),
        )
        return await cursor.fetchall()


async def open_alerts(conn: AsyncConnection, regions: frozenset[int]) -> list[BoardAlert]:
    """Those that are not held back: the most urgent first, and of one urgency the newest."""
    async with conn.cursor(row_factory=class_row(BoardAlert)) as cursor:
        await cursor.execute(
            """
            SELECT a.alert_id, a.cause, a.priority, a.reasons, a.raised_at, e.elder_id, e.code AS elder_code,
                   e.name AS elder_name, h.address, h.time_zone, h.region_id, v.visit_id, v.state AS visit_state,
                   s.name AS nurse
            FROM alert a JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            LEFT JOIN visit v USING (alert_id) LEFT JOIN staff s ON s.staff_id = v.nurse_id
            WHERE a.state = 'open' AND NOT a.held AND h.region_id = ANY(%s)
            ORDER BY array_position(ARRAY['now', 'today', 'this_week'], a.priority), a.raised_at DESC, a.alert_id
            """,
            (list(regions),),
        )
        return await cursor.fetchall()


async def changes(conn: AsyncConnection, regions: frozenset[int], since: datetime, now: datetime) -> list[Change]:
    """What happened after `since` and up to `now`, newest first; of very much the newest MOST_NEWS."""
    async with conn.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute(
            """
            SELECT n.what, n.at, n.subject, n.detail, e.elder_id, e.name AS elder_name, h.code AS home_code, h.address,
                   h.time_zone, h.region_id
            FROM (
                SELECT 'call' AS what, heard_at AS at, alarm_id::text AS subject, kind AS detail, elder_id, gateway_id,
                       home_id
                FROM alarm WHERE heard_at > %(since)s AND heard_at <= %(now)s
                UNION ALL
                SELECT 'call_closed', closed_at, alarm_id::text, coalesce(close_reason, ''), elder_id, gateway_id,
                       home_id
                FROM alarm WHERE state = 'closed' AND closed_at > %(since)s AND closed_at <= %(now)s
                UNION ALL
                SELECT 'noticed', raised_at, alert_id::text, cause, elder_id, NULL, NULL
                FROM alert WHERE NOT held AND shown_at IS NULL AND raised_at > %(since)s AND raised_at <= %(now)s
                UNION ALL
                SELECT 'noticed', shown_at, alert_id::text, cause, elder_id, NULL, NULL
                FROM alert WHERE NOT held AND shown_at > %(since)s AND shown_at <= %(now)s
                UNION ALL
                SELECT 'wished', asked_at, visit_id::text, coalesce(wish, ''), elder_id, NULL, NULL
                FROM visit WHERE kind = 'request' AND asked_at > %(since)s AND asked_at <= %(now)s
                UNION ALL
                SELECT 'broken', promised_by, visit_id::text, state, elder_id, NULL, NULL
                FROM visit v
                WHERE promised_by > %(since)s AND promised_by <= %(now)s AND state <> 'cancelled' AND kind <> 'together'
                  AND NOT EXISTS (SELECT FROM visit_event x WHERE x.visit_id = v.visit_id AND x.at <= v.promised_by
                                  AND x.state IN ('at_the_door', 'no_answer', 'filed'))
                UNION ALL
                SELECT 'reported', filed_at, visit_id::text, coalesce(verdict, ''), elder_id, NULL, NULL
                FROM visit_report JOIN visit USING (visit_id) WHERE filed_at > %(since)s AND filed_at <= %(now)s
                UNION ALL
                SELECT 'assessed', assessed_at, visit_id::text, face::text, elder_id, NULL, NULL
                FROM assessment JOIN visit USING (visit_id) WHERE assessed_at > %(since)s AND assessed_at <= %(now)s
            ) AS n
            LEFT JOIN elder e ON e.elder_id = n.elder_id LEFT JOIN gateway g ON g.gateway_id = n.gateway_id
            JOIN home h ON h.home_id = coalesce(n.home_id, g.home_id, e.home_id)
            WHERE h.region_id = ANY(%(regions)s)
            ORDER BY n.at DESC, n.what, n.subject LIMIT %(most)s
            """,
            {"regions": list(regions), "since": since, "now": now, "most": MOST_NEWS},
        )
        return await cursor.fetchall()


async def looked_at(conn: AsyncConnection, staff_id: int) -> datetime | None:
    """Up to when somebody has seen what changed; None: they never said so."""
    cursor = await conn.execute("SELECT looked_at FROM board_look WHERE staff_id = %s", (staff_id,))
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def note_look(conn: AsyncConnection, staff_id: int, at: datetime) -> None:
    """They have seen what changed up to `at`; an earlier moment changes nothing."""
    await conn.execute(
        """
        INSERT INTO board_look (staff_id, looked_at) VALUES (%s, %s)
        ON CONFLICT (staff_id) DO UPDATE SET looked_at = greatest(board_look.looked_at, excluded.looked_at)
        """,
        (staff_id, at),
    )
