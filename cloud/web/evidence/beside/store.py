"""All SQL of calls and of requests to measure again beside an elder's readings."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.evidence.beside.model import AskedAgain, PastCall
from protocols.alarm.kinds import CALLS


async def past_calls(conn: AsyncConnection, elder_id: int, since: datetime) -> list[PastCall]:
    """Calls for help, newest first; tests of the button are none. Whoever may hear no calls finds none."""
    async with conn.cursor(row_factory=class_row(PastCall)) as cursor:
        await cursor.execute(
            "SELECT alarm_id, kind, heard_at, state, close_reason FROM alarm WHERE elder_id = %s AND heard_at >= %s "
            "AND NOT test AND coalesce(close_reason, '') <> 'test' AND kind = ANY(%s) "
            "ORDER BY heard_at DESC, alarm_id LIMIT 200",
            (elder_id, since, sorted(CALLS)),
        )
        return await cursor.fetchall()


async def asked_again(conn: AsyncConnection, elder_id: int, since: datetime) -> list[AskedAgain]:
    """Newest first."""
    async with conn.cursor(row_factory=class_row(AskedAgain)) as cursor:
        await cursor.execute(
            "SELECT ask_id, metric, why, asked_at, until, answered_at, became FROM measure_again "
            "WHERE elder_id = %s AND asked_at >= %s ORDER BY asked_at DESC, ask_id LIMIT 50",
            (elder_id, since),
        )
        return await cursor.fetchall()
