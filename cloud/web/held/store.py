"""All SQL of the page of alerts that wait. The budget itself counts by cloud/detection/budget/store.py."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.names import ALERT, NOTIFY
from cloud.db.pool import AsyncConnection
from cloud.web.held.model import HeldAlert, Week, Words


async def held(conn: AsyncConnection, regions: frozenset[int]) -> list[HeldAlert]:
    """All that wait in `regions`, the oldest first."""
    async with conn.cursor(row_factory=class_row(HeldAlert)) as cursor:
        await cursor.execute(
            """
            SELECT a.alert_id, a.cause, a.priority, a.score, a.reasons, a.raised_at, e.elder_id,
                   e.name AS elder_name, h.time_zone, h.region_id, r.name AS community
            FROM alert a JOIN elder e USING (elder_id) JOIN home h USING (home_id) JOIN region r USING (region_id)
            WHERE a.held AND a.state = 'open' AND h.region_id = ANY(%s) ORDER BY a.raised_at, a.alert_id
            """,
            (list(regions),),
        )
        return await cursor.fetchall()


async def weeks(
    conn: AsyncConnection, regions: frozenset[int], since: datetime, causes: Sequence[str]
) -> dict[int, Week]:
    """Of each of `regions` that has elders, what went out since then."""
    async with conn.cursor(row_factory=class_row(Week)) as cursor:
        await cursor.execute(
            """
            SELECT h.region_id, r.name AS community, count(DISTINCT e.elder_id)::integer AS patients,
                   count(a.alert_id)::integer AS sent
            FROM elder e JOIN home h USING (home_id) JOIN region r USING (region_id)
            LEFT JOIN alert a ON a.elder_id = e.elder_id AND NOT a.held AND a.cause = ANY(%(causes)s)
                             AND coalesce(a.shown_at, a.raised_at) > %(since)s
            WHERE h.region_id = ANY(%(regions)s) GROUP BY h.region_id, r.name
            """,
            {"regions": list(regions), "since": since, "causes": list(causes)},
        )
        return {week.region_id: week for week in await cursor.fetchall()}


async def words(conn: AsyncConnection, regions: frozenset[int], since: datetime) -> list[Words]:
    """What nurses said of alerts since then, by team and cause."""
    async with conn.cursor(row_factory=class_row(Words)) as cursor:
        await cursor.execute(
            """
            SELECT h.region_id, a.cause, count(*) FILTER (WHERE a.verdict = 'right')::integer AS right,
                   count(*) FILTER (WHERE a.verdict <> 'right')::integer AS wrong
            FROM alert a JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE a.verdict_at > %s AND h.region_id = ANY(%s) GROUP BY h.region_id, a.cause
            """,
            (since, list(regions)),
        )
        return await cursor.fetchall()


async def send(conn: AsyncConnection, alert_id: int, regions: frozenset[int], now: datetime) -> bool:
    """It waits no longer; False where it did not wait, or is not in `regions`."""
    shown = await conn.execute(
        """
        UPDATE alert SET held = false, shown_at = %s WHERE alert_id = %s AND held AND state = 'open'
          AND elder_id IN (SELECT elder_id FROM elder JOIN home USING (home_id) WHERE region_id = ANY(%s))
        """,
        (now, alert_id, list(regions)),
    )
    if not shown.rowcount:
        return False
    await conn.execute(NOTIFY, (ALERT, str(alert_id)))
    return True


async def is_in(conn: AsyncConnection, alert_id: int, regions: frozenset[int]) -> bool:
    """Whether there is such an alert in `regions`, whether it waits or not."""
    cursor = await conn.execute(
        "SELECT FROM alert JOIN elder USING (elder_id) JOIN home USING (home_id) "
        "WHERE alert_id = %s AND region_id = ANY(%s)",
        (alert_id, list(regions)),
    )
    return await cursor.fetchone() is not None
