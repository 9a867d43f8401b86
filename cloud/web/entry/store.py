"""The regions somebody may see."""

from cloud.db.pool import AsyncConnection


async def regions_below(conn: AsyncConnection, region_id: int) -> tuple[str, frozenset[int]]:
    """The region's name, and the ids of it and of all regions below it."""
    cursor = await conn.execute(
        "SELECT t.name, array(SELECT b.region_id FROM region b WHERE b.path <@ t.path) "
        "FROM region t WHERE t.region_id = %s",
        (region_id,),
    )
    row = await cursor.fetchone()
    return ("", frozenset()) if row is None else (row[0], frozenset(row[1]))
