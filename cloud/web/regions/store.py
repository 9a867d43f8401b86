"""All SQL of the regions' figures."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.regions.model import Counts, Place


async def places(conn: AsyncConnection, regions: frozenset[int]) -> list[Place]:
    """In the order of their codes."""
    async with conn.cursor(row_factory=class_row(Place)) as cursor:
        await cursor.execute(
            "SELECT region_id, code, name, level, parent_id FROM region WHERE region_id = ANY(%s) ORDER BY code",
            (list(regions),),
        )
        return await cursor.fetchall()


async def counts(conn: AsyncConnection, begin: datetime, end: datetime, now: datetime) -> dict[int, Counts]:
    """By the region in which the homes stand, of the regions of whoever asks. Times are [begin, end)."""
    cursor = await conn.execute(
        "SELECT region_id, elders, visits, alerts, alarms, due, kept FROM web.region_counts(%s, %s, %s)",
        (begin, end, now),
    )
    return {region_id: Counts(*values) for region_id, *values in await cursor.fetchall()}
