"""The homes behind the gateways' names."""

from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from cloud.db.pool import AsyncConnection
from cloud.web.live.model import HomeEntry


async def home_of_gateway(conn: AsyncConnection, gateway_id: str, at: datetime) -> HomeEntry | None:
    found = await _homes(conn, at, gateway_id)
    return found[0] if found else None


async def homes(conn: AsyncConnection, at: datetime) -> list[HomeEntry]:
    return await _homes(conn, at, None)


async def _homes(conn: AsyncConnection, at: datetime, gateway_id: str | None) -> list[HomeEntry]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT g.gateway_id, h.code AS home_code, h.address, h.door_note, h.time_zone, h.region_id,
                   (SELECT coalesce(jsonb_object_agg(e.elder_id::text, jsonb_build_array(e.code, e.name)), '{}')
                    FROM elder e WHERE e.home_id = h.home_id) AS elders,
                   (SELECT coalesce(jsonb_object_agg(name, elder_id), '{}')
                    FROM (SELECT d.name, min(w.elder_id) AS elder_id FROM device d JOIN wearer w USING (device_id)
                          WHERE d.gateway_id = g.gateway_id AND w.during @> %(at)s::timestamptz
                          GROUP BY d.name HAVING count(DISTINCT w.elder_id) = 1) AS worn) AS wearers
            FROM gateway g JOIN home h USING (home_id)
            WHERE %(gateway)s::text IS NULL OR g.gateway_id = %(gateway)s
            """,
            {"at": at, "gateway": gateway_id},
        )
        return [_entry(row) for row in await cursor.fetchall()]


def _entry(row: dict[str, Any]) -> HomeEntry:
    elders = {int(key): (code, name) for key, (code, name) in row["elders"].items()}  # JSON keys are text
    return HomeEntry(**{**row, "elders": elders})
