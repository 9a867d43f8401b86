"""All SQL of the elder's page."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.elder.model import ElderToday, ElderVisit, MeasureAgain, SaidWish

_VISIT = """
    SELECT v.visit_id, v.kind, v.state, v.wish, v.asked_by, v.asked_at, v.promised_by, v.nurse_id,
           s.name AS nurse, r.filed_at, m.face,
           (SELECT d.why FROM visit_moved d WHERE d.visit_id = v.visit_id ORDER BY d.visit_moved_id DESC LIMIT 1)
           AS moved_why
    FROM visit v LEFT JOIN staff s ON s.staff_id = v.nurse_id
    LEFT JOIN visit_report r USING (visit_id) LEFT JOIN assessment m USING (visit_id)
"""


async def today(conn: AsyncConnection, elder_id: int, filed_since: datetime, now: datetime) -> ElderToday:
    async with conn.cursor(row_factory=class_row(ElderVisit)) as cursor:
        await cursor.execute(
            _VISIT
            + """
            WHERE v.elder_id = %s AND v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled')
              AND coalesce(v.from_at <= %s, true)
            ORDER BY array_position(ARRAY['at_the_door', 'no_answer', 'travelling', 'accepted', 'assigned', 'proposed'],
                                    v.state), v.promised_by
            """,
            (elder_id, now),
        )
        going = await cursor.fetchall()
        await cursor.execute(
            _VISIT
            + """
            WHERE v.elder_id = %s AND v.state IN ('filed', 'assessed') AND r.filed_at >= %s
            ORDER BY r.filed_at DESC LIMIT 1
            """,
            (elder_id, filed_since),
        )
        filed = await cursor.fetchone()
    async with conn.cursor(row_factory=class_row(MeasureAgain)) as ask:
        await ask.execute(
            "SELECT metric, why, measured_at FROM measure_again WHERE elder_id = %s AND answered_at IS NULL "
            "AND until > %s ORDER BY asked_at DESC LIMIT 1",
            (elder_id, now),
        )
        again = await ask.fetchone()
    waiting = ("proposed", "assigned", "accepted")
    asked = next((visit for visit in going if visit.asked_by == "elder" and visit.state in waiting), None)
    coming = [visit for visit in going if visit.nurse is not None and visit.state != "assigned"]
    return ElderToday(coming, asked, filed, again, await _said(conn, elder_id))


async def _said(conn: AsyncConnection, elder_id: int) -> SaidWish | None:
    async with conn.cursor(row_factory=class_row(SaidWish)) as cursor:
        await cursor.execute(
            """
            SELECT d.demand_id, d.text, d.state, a.state AS alarm_state FROM demand d LEFT JOIN alarm a USING (alarm_id)
            WHERE d.elder_id = %s AND d.mouth = 'elder' AND d.state IN ('doubt', 'open', 'calling')
            ORDER BY d.state = 'calling' DESC, d.said_last_at DESC LIMIT 1
            """,
            (elder_id,),
        )
        return await cursor.fetchone()


async def past(conn: AsyncConnection, elder_id: int, since: datetime) -> list[ElderVisit]:
    """Visits that were made, the newest first."""
    async with conn.cursor(row_factory=class_row(ElderVisit)) as cursor:
        await cursor.execute(
            _VISIT + "WHERE v.elder_id = %s AND r.filed_at >= %s ORDER BY r.filed_at DESC LIMIT 20", (elder_id, since)
        )
        return await cursor.fetchall()


async def may_assess(conn: AsyncConnection, elder_id: int, visit_id: int) -> bool:
    """Whether it is a visit of theirs of which they may still say something."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM visit WHERE visit_id = %s AND elder_id = %s AND state IN ('filed', 'assessed'))",
        (visit_id, elder_id),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
