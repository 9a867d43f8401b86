"""All SQL of the family's page. Each question names the consent that it rests on: without it there are no rows. And the
views that it asks show nobody but the one whose link it is what that consent opens (migration 0042)."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.elder.model import MeasureAgain
from cloud.web.evidence.model import Measured
from cloud.web.family.model import Call, FamilyVisit, FamilyWish, Heading


async def heading(conn: AsyncConnection, elder_id: int) -> Heading:
    """Raises NotFound."""
    async with conn.cursor(row_factory=class_row(Heading)) as cursor:
        await cursor.execute(
            "SELECT elder_id, name, time_zone FROM web.family_heading WHERE elder_id = %s", (elder_id,)
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("This link opens nothing.")
    return found


async def calls(conn: AsyncConnection, elder_id: int, relative_id: int, since: datetime) -> list[Call]:
    """Calls for help since `since`, the newest first."""
    async with conn.cursor(row_factory=class_row(Call)) as cursor:
        await cursor.execute(
            """
            SELECT kind, test, heard_at, state, closed_at FROM web.family_call JOIN consent c USING (elder_id)
            WHERE elder_id = %s AND heard_at >= %s
              AND c.relative_id = %s AND c.purpose = 'family_alarms' AND c.withdrawn_at IS NULL
            ORDER BY heard_at DESC, alarm_id
            """,
            (elder_id, since, relative_id),
        )
        return await cursor.fetchall()


async def visits(conn: AsyncConnection, elder_id: int, relative_id: int, since: datetime) -> list[FamilyVisit]:
    """Visits that were asked for since `since`, the newest first."""
    async with conn.cursor(row_factory=class_row(FamilyVisit)) as cursor:
        await cursor.execute(
            """
            SELECT v.state, v.nurse, v.promised_by, v.filed_at, v.face
            FROM web.family_visit v JOIN consent c USING (elder_id)
            WHERE v.elder_id = %s AND v.asked_at >= %s AND v.state NOT IN ('declined', 'cancelled')
              AND c.relative_id = %s AND c.purpose = 'family_visits' AND c.withdrawn_at IS NULL
            ORDER BY v.asked_at DESC, v.visit_id
            """,
            (elder_id, since, relative_id),
        )
        return await cursor.fetchall()


async def wishes(conn: AsyncConnection, elder_id: int, relative_id: int, since: datetime) -> list[FamilyWish]:
    """Their own, the newest first. What they said needs no consent."""
    async with conn.cursor(row_factory=class_row(FamilyWish)) as cursor:
        await cursor.execute(
            """
            SELECT d.text, d.state, d.said_last_at, a.state AS alarm_state
            FROM demand d LEFT JOIN alarm a USING (alarm_id)
            WHERE d.elder_id = %s AND d.relative_id = %s AND d.said_last_at >= %s ORDER BY d.demand_id DESC LIMIT 10
            """,
            (elder_id, relative_id, since),
        )
        return await cursor.fetchall()


async def measure_again(conn: AsyncConnection, elder_id: int, relative_id: int, now: datetime) -> MeasureAgain | None:
    """The newest request to measure again that stands, where the family may see the readings."""
    async with conn.cursor(row_factory=class_row(MeasureAgain)) as cursor:
        await cursor.execute(
            """
            SELECT metric, why, measured_at FROM web.family_measure_again JOIN consent c USING (elder_id)
            WHERE elder_id = %s AND answered_at IS NULL AND until > %s
              AND c.relative_id = %s AND c.purpose = 'family_readings' AND c.withdrawn_at IS NULL
            ORDER BY asked_at DESC LIMIT 1
            """,
            (elder_id, now, relative_id),
        )
        return await cursor.fetchone()


async def readings(
    conn: AsyncConnection, elder_id: int, relative_id: int, metrics: list[str], since: datetime
) -> list[Measured]:
    """In order of time."""
    async with conn.cursor(row_factory=class_row(Measured)) as cursor:
        await cursor.execute(
            """
            SELECT metric, measured_at, value, flags, meal FROM web.family_reading
            WHERE elder_id = %(elder)s AND metric = ANY(%(metrics)s) AND measured_at >= %(since)s
              AND EXISTS (SELECT FROM consent c WHERE c.elder_id = %(elder)s AND c.relative_id = %(relative)s
                          AND c.purpose = 'family_readings' AND c.withdrawn_at IS NULL)
            ORDER BY measured_at, metric, record_key
            """,
            {"elder": elder_id, "metrics": metrics, "since": since, "relative": relative_id},
        )
        return await cursor.fetchall()
