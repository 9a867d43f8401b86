"""All SQL of the installer's page."""

from dataclasses import dataclass

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection


@dataclass(frozen=True)
class Choice:
    code: str
    name: str


async def communities(conn: AsyncConnection, regions: frozenset[int]) -> list[Choice]:
    """Where homes may be made."""
    async with conn.cursor(row_factory=class_row(Choice)) as cursor:
        await cursor.execute(
            "SELECT code, name FROM region WHERE region_id = ANY(%s) AND level = 'community' ORDER BY name, code",
            (list(regions),),
        )
        return await cursor.fetchall()


async def has_gateway(conn: AsyncConnection, gateway_id: str, regions: frozenset[int]) -> bool:
    found = await conn.execute(
        "SELECT 1 FROM gateway JOIN home USING (home_id) WHERE gateway_id = %s AND region_id = ANY(%s)",
        (gateway_id, list(regions)),
    )
    return await found.fetchone() is not None
