"""All SQL of the page of an elder's own figures."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.names import NEW_READINGS, NOTIFY
from cloud.db.pool import AsyncConnection
from cloud.web.thresholds.model import Outcome, OwnFigure


async def own_figures(conn: AsyncConnection, elder_id: int) -> list[OwnFigure]:
    """Those in force first, then those that ended, the newest first."""
    async with conn.cursor(row_factory=class_row(OwnFigure)) as cursor:
        await cursor.execute(
            """
            SELECT override_id, rule, metric, value, author, reason, set_at, ended_at, ended_by, ended_why, verdicts
            FROM limit_override WHERE elder_id = %s
            ORDER BY ended_at IS NOT NULL, coalesce(ended_at, set_at) DESC, override_id DESC LIMIT 100
            """,
            (elder_id,),
        )
        return await cursor.fetchall()


async def outcomes(conn: AsyncConnection, elder_id: int, since: datetime) -> list[Outcome]:
    """What nurses said since then, a row for each rule and metric of an alert, newest first."""
    async with conn.cursor(row_factory=class_row(Outcome)) as cursor:
        await cursor.execute(
            """
            SELECT DISTINCT a.alert_id, reason->>'rule' AS rule, reason->>'metric' AS metric, a.verdict, a.verdict_at,
                   s.name AS verdict_by
            FROM alert a CROSS JOIN jsonb_array_elements(a.reasons) AS reason
            LEFT JOIN staff s ON s.staff_id = a.verdict_by
            WHERE a.elder_id = %s AND a.verdict IS NOT NULL AND a.verdict_at > %s
              AND reason ? 'rule' AND reason ? 'metric'
            ORDER BY a.verdict_at DESC, a.alert_id, rule, metric LIMIT 200
            """,
            (elder_id, since),
        )
        return await cursor.fetchall()


async def take_back(conn: AsyncConnection, elder_id: int, override_id: int, *, at: datetime, by: str, why: str) -> bool:
    """The centre's figure holds again, and the elder is looked at; False where that one was not in force."""
    ended = await conn.execute(
        "UPDATE limit_override SET ended_at = %s, ended_by = %s, ended_why = %s "
        "WHERE elder_id = %s AND override_id = %s AND ended_at IS NULL",
        (at, by, why, elder_id, override_id),
    )
    if not ended.rowcount:
        return False
    await conn.execute(
        "INSERT INTO detection_due (elder_id, since) VALUES (%s, %s) ON CONFLICT (elder_id) DO NOTHING", (elder_id, at)
    )
    await conn.execute(NOTIFY, (NEW_READINGS, str(elder_id)))
    return True
