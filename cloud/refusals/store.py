"""Refusals by hour. A row is written seldom, whatever storm comes: processes gather."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.refusals.model import Refused

KEPT_FOR = timedelta(days=90)

_ADD = """
    INSERT INTO refusal (process, kind, hour, times, last_at)
    SELECT %(process)s, kind, date_trunc('hour', %(at)s::timestamptz), times, %(at)s
    FROM unnest(%(kinds)s::text[], %(times)s::bigint[]) AS counted (kind, times) ORDER BY kind
    ON CONFLICT (hour, kind, process) DO UPDATE
    SET times = refusal.times + EXCLUDED.times, last_at = greatest(refusal.last_at, EXCLUDED.last_at)
"""
_FORGET = "DELETE FROM refusal WHERE hour < %s"


async def add(conn: AsyncConnection, process: str, counted: Mapping[str, int], at: datetime) -> None:
    """Clears away what is older than `KEPT_FOR`."""
    await conn.execute(_ADD, _values(process, counted, at))
    await conn.execute(_FORGET, (at - KEPT_FOR,))


def add_blocking(connection: Connection, process: str, counted: Mapping[str, int], at: datetime) -> None:
    connection.execute(_ADD, _values(process, counted, at))
    connection.execute(_FORGET, (at - KEPT_FOR,))


async def refusals(conn: AsyncConnection, now: datetime) -> list[Refused]:
    """By kind, what came last first."""
    async with conn.cursor(row_factory=class_row(Refused)) as cursor:
        await cursor.execute(
            """
            SELECT kind, coalesce(sum(times) FILTER (WHERE hour > %(now)s - interval '1 day'), 0)::bigint AS day,
                   coalesce(sum(times) FILTER (WHERE hour > %(now)s - interval '7 days'), 0)::bigint AS week,
                   sum(times)::bigint AS all_kept, max(last_at) AS last_at
            FROM refusal GROUP BY kind ORDER BY max(last_at) DESC, kind
            """,
            {"now": now},
        )
        return await cursor.fetchall()


def _values(process: str, counted: Mapping[str, int], at: datetime) -> dict[str, object]:
    return {"process": process, "at": at, "kinds": list(counted), "times": list(counted.values())}
