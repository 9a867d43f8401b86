"""The regions somebody may see."""

from cloud.db.pool import AsyncConnection


async def regions_below(conn: AsyncConnection, region_id: int) -> tuple[str, frozenset[int]]:
    """The region's name, and the ids of it and of all regions below it."""
    cursor = await conn.execute(
        """
        WITH RECURSIVE below AS (
            SELECT region_id FROM region WHERE region_id = %(top)s
            UNION SELECT r.region_id FROM region r JOIN below b ON r.parent_id = b.region_id
        )
        SELECT (SELECT name FROM region WHERE region_id = %(top)s), array_agg(region_id) FROM below
        """,
        {"top": region_id},
    )
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        return "", frozenset()
    return row[0], frozenset(row[1])
