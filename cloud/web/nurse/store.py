"""All SQL of the nurse's pages."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.nurse.model import AlertBehind, Card, Colleague, Filed, Said, Step

_CARD = """
    SELECT v.visit_id, v.kind, v.state, v.priority, v.at_risk, v.wish, a.cause, a.reasons, v.alert_id, v.asked_at,
           v.promised_by, v.nurse_id, s.name AS nurse, e.elder_id, e.code AS elder_code, e.name AS elder_name,
           e.born_on, e.language, v.skills, h.address, h.door_note, h.time_zone, h.region_id,
           c.name AS call_name, c.relation AS call_relation, c.phone AS call_phone, r.filed_at,
           t.arrives_at, rt.day AS route_day
    FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
    LEFT JOIN alert a USING (alert_id) LEFT JOIN staff s ON s.staff_id = v.nurse_id
    LEFT JOIN visit_report r USING (visit_id)
    LEFT JOIN route_stop t ON t.visit_id = v.visit_id LEFT JOIN route rt USING (route_id)
    LEFT JOIN LATERAL (SELECT name, relation, phone FROM contact WHERE contact.elder_id = e.elder_id
                       ORDER BY place LIMIT 1) c ON true
"""
_LARGEST_ID = 2**63 - 1


async def cards(conn: AsyncConnection, regions: frozenset[int], done_since: datetime, now: datetime) -> list[Card]:
    """Visits that are due by now and not over, by promise; then those filed since `done_since`."""
    async with conn.cursor(row_factory=class_row(Card)) as cursor:
        await cursor.execute(
            _CARD
            + """
            WHERE h.region_id = ANY(%s)
              AND (v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') AND coalesce(v.from_at <= %s, true)
                   AND v.goer = 'nurse'
                   OR r.filed_at >= %s)
            ORDER BY r.filed_at IS NOT NULL, v.promised_by, v.visit_id LIMIT 300
            """,
            (list(regions), now, done_since),
        )
        return await cursor.fetchall()


async def card(conn: AsyncConnection, visit_id: int, regions: frozenset[int]) -> Card:
    """Raises NotFound where there is no such visit in `regions`."""
    async with conn.cursor(row_factory=class_row(Card)) as cursor:
        if 0 <= visit_id <= _LARGEST_ID:
            await cursor.execute(_CARD + "WHERE v.visit_id = %s AND h.region_id = ANY(%s)", (visit_id, list(regions)))
            found = await cursor.fetchone()
            if found is not None:
                return found
    raise _no_such(visit_id)


async def must_be_in(conn: AsyncConnection, visit_id: int, regions: frozenset[int]) -> None:
    """Raises NotFound as `card` does, without looking at all that a card says."""
    if 0 <= visit_id <= _LARGEST_ID:
        cursor = await conn.execute(
            "SELECT FROM visit JOIN elder USING (elder_id) JOIN home USING (home_id) "
            "WHERE visit_id = %s AND region_id = ANY(%s)",
            (visit_id, list(regions)),
        )
        if cursor.rowcount == 1:
            return
    raise _no_such(visit_id)


def _no_such(visit_id: int) -> NotFound:
    return NotFound(f"There is no visit {visit_id} in your community.")


async def colleagues(conn: AsyncConnection, regions: frozenset[int], staff_id: int) -> list[Colleague]:
    """Other nurses on duty in `regions`, by name."""
    async with conn.cursor(row_factory=class_row(Colleague)) as cursor:
        await cursor.execute(
            "SELECT staff_id, name FROM staff WHERE role = 'nurse' AND on_duty AND staff_id <> %s "
            "AND region_id = ANY(%s) ORDER BY name, staff_id",
            (staff_id, list(regions)),
        )
        return await cursor.fetchall()


async def alert_behind(conn: AsyncConnection, visit_id: int) -> AlertBehind | None:
    """None where an alarm or the elder asked for the visit."""
    async with conn.cursor(row_factory=class_row(AlertBehind)) as cursor:
        await cursor.execute(
            """
            SELECT a.alert_id, a.cause, a.state, a.verdict FROM visit v JOIN alert a USING (alert_id)
            WHERE v.visit_id = %s
            """,
            (visit_id,),
        )
        return await cursor.fetchone()


async def steps(conn: AsyncConnection, visit_id: int) -> list[Step]:
    async with conn.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(
            """
            SELECT v.state, v.at, s.name AS who, v.note FROM visit_event v LEFT JOIN staff s USING (staff_id)
            WHERE v.visit_id = %s ORDER BY v.visit_event_id
            """,
            (visit_id,),
        )
        return await cursor.fetchall()


_FILED = """
    SELECT r.visit_id, s.name AS nurse, r.findings, r.actions, r.note, r.verdict, r.next_on, r.measured,
           r.measured_with, r.filed_at, m.face, m.word
    FROM visit_report r JOIN staff s USING (staff_id) JOIN visit v USING (visit_id)
    LEFT JOIN assessment m USING (visit_id)
"""


async def report(conn: AsyncConnection, visit_id: int) -> Filed | None:
    async with conn.cursor(row_factory=class_row(Filed)) as cursor:
        await cursor.execute(_FILED + "WHERE r.visit_id = %s", (visit_id,))
        return await cursor.fetchone()


async def report_before(conn: AsyncConnection, elder_id: int, visit_id: int) -> Filed | None:
    """The last report of this elder's other visits."""
    async with conn.cursor(row_factory=class_row(Filed)) as cursor:
        await cursor.execute(
            _FILED + "WHERE v.elder_id = %s AND r.visit_id <> %s ORDER BY r.filed_at DESC LIMIT 1",
            (elder_id, visit_id),
        )
        return await cursor.fetchone()


async def said_lately(
    conn: AsyncConnection, regions: frozenset[int], nurse_id: int | None, since: datetime
) -> list[Said]:
    """What elders of `regions` said of this nurse's visits, the newest ten first; None: the same of every nurse."""
    async with conn.cursor(row_factory=class_row(Said)) as cursor:
        await cursor.execute(
            """
            SELECT nurse_id, visit_id, elder_name, face, word, assessed_at, time_zone FROM (
                SELECT r.staff_id AS nurse_id, visit_id, e.name AS elder_name, m.face, m.word, m.assessed_at,
                       h.time_zone,
                       row_number() OVER (PARTITION BY r.staff_id ORDER BY m.assessed_at DESC, visit_id) AS place
                FROM assessment m JOIN visit_report r USING (visit_id) JOIN visit v USING (visit_id)
                JOIN elder e USING (elder_id) JOIN home h USING (home_id)
                WHERE (%(nurse)s::integer IS NULL OR r.staff_id = %(nurse)s) AND m.assessed_at >= %(since)s
                  AND h.region_id = ANY(%(regions)s)
            ) AS said WHERE place <= 10
            ORDER BY assessed_at DESC, visit_id
            """,
            {"nurse": nurse_id, "since": since, "regions": list(regions)},
        )
        return await cursor.fetchall()
