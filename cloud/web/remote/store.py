"""All SQL of the page of a gateway's settings."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.language import N_


@dataclass(frozen=True)
class Settings:
    gateway_id: str
    home_code: str
    address: str
    time_zone: str
    in_force: int
    refused: int
    why: str | None
    version: int
    """The newest that was asked for; 0: none."""
    document: str | None
    made_at: datetime | None


_SETTINGS = """
    SELECT gateway_id, code AS home_code, address, time_zone,
           coalesce((status ->> 'config_version')::bigint, 0) AS in_force,
           coalesce((status #>> '{config_refused,version}')::bigint, 0) AS refused,
           status #>> '{config_refused,why}' AS why, coalesce(newest.version, 0) AS version, document, made_at
    FROM gateway JOIN home USING (home_id) LEFT JOIN LATERAL (
        SELECT version, document, made_at FROM gateway_configuration AS told
        WHERE told.gateway_id = gateway.gateway_id ORDER BY version DESC LIMIT 1) AS newest ON true
    WHERE gateway_id = %s AND region_id = ANY(%s)
"""


async def settings(conn: AsyncConnection, gateway_id: str, regions: frozenset[int]) -> Settings:
    """Raises NotFound where there is no such gateway in these regions."""
    async with conn.cursor(row_factory=class_row(Settings)) as cursor:
        await cursor.execute(_SETTINGS, (gateway_id, list(regions)))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(N_("There is no such gateway here."))
    return found


async def add(
    conn: AsyncConnection, gateway_id: str, version: int, document: str, now: datetime, *, staff_id: int
) -> bool:
    """Whether it is the next version: False where somebody else made one meanwhile."""
    cursor = await conn.execute(
        """
        INSERT INTO gateway_configuration (gateway_id, version, document, made_at, staff_id)
        SELECT %(gateway)s, %(version)s, %(document)s, %(now)s, %(staff)s
        WHERE coalesce((SELECT max(version) FROM gateway_configuration WHERE gateway_id = %(gateway)s), 0) + 1
              = %(version)s
        ON CONFLICT DO NOTHING
        """,
        {"gateway": gateway_id, "version": version, "document": document, "now": now, "staff": staff_id},
    )
    return cursor.rowcount == 1
