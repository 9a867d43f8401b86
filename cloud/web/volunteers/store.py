"""SQL of the volunteers' pages that is of nothing else."""

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound


async def region_of(conn: AsyncConnection, code: str, regions: frozenset[int]) -> int:
    """Raises NotFound where it is none of `regions`."""
    cursor = await conn.execute(
        "SELECT region_id FROM region WHERE code = %s AND region_id = ANY(%s)", (code, sorted(regions))
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no community {code} among yours.")
    return int(row[0])
