"""All SQL of the fleet page."""

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.web.fleet.model import Gateway

_GATEWAYS = """
    SELECT gateway_id, code AS home_code, address, time_zone, online, heard_at, status ->> 'version' AS version,
           coalesce((status ->> 'backlog_rows')::bigint, 0) AS backlog_rows,
           coalesce((status ->> 'backlog_bytes')::bigint, 0) AS backlog_bytes,
           (status ->> 'oldest_backlog_at')::timestamptz AS oldest_at,
           coalesce((SELECT sum((entry ->> 'readings')::bigint)
                     FROM jsonb_array_elements(status -> 'given_up') AS entry), 0)::bigint AS given_up,
           (SELECT max((entry ->> 'last_at')::timestamptz)
            FROM jsonb_array_elements(status -> 'given_up') AS entry) AS given_up_at,
           coalesce((status ->> 'receipts_refused')::bigint, 0) AS receipts_refused, status ->> 'reason' AS problem,
           coalesce((status ->> 'config_version')::bigint, 0) AS config_version,
           coalesce((SELECT max(version) FROM gateway_configuration AS told
                     WHERE told.gateway_id = gateway.gateway_id), 0) AS config_wanted,
           status #>> '{config_refused,why}' AS config_refused,
           (SELECT floor(extract(epoch FROM max(ends_at) - clock_timestamp()) / 86400)::integer
            FROM gateway_certificate AS held
            WHERE held.gateway_id = gateway.gateway_id AND revoked_at IS NULL) AS certificate_days,
           (SELECT proven_at FROM proven_gateway WHERE proven_gateway.gateway_id = gateway.gateway_id) AS proven_at,
           (SELECT since FROM two_gateways AS two WHERE two.gateway_id = gateway.gateway_id) AS two_since
    FROM gateway JOIN home USING (home_id) WHERE region_id = ANY(%s) ORDER BY code, gateway_id
"""


async def gateways(conn: AsyncConnection, regions: frozenset[int]) -> list[Gateway]:
    """Every gateway of these regions, by home."""
    async with conn.cursor(row_factory=class_row(Gateway)) as cursor:
        await cursor.execute(_GATEWAYS, (list(regions),))
        return await cursor.fetchall()
