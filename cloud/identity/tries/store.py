"""A try is written down before it is judged, so that a thousand at once are counted too. The server's clock rules."""

from collections.abc import Sequence

from cloud.db.pool import AsyncConnection
from cloud.identity.tries.model import CODE_WINDOW_S, Key, TooManyTries


async def begin(conn: AsyncConnection, keys: Sequence[Key]) -> list[int]:
    """Counts one try for each of `keys`; its numbers are for `succeeded`. Raises TooManyTries, and then counts none."""
    in_order = sorted(keys, key=lambda key: key.digest)
    numbers: list[int] = []
    async with conn.transaction():
        for key in in_order:
            # whoever tries the same waits here for the other's row
            lock = int.from_bytes(key.digest[:8], "big", signed=True)
            await conn.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
            cursor = await conn.execute(
                """
                SELECT count(*), extract(epoch FROM min(tried_at) - clock_timestamp())::float8 + %(window)s
                FROM (SELECT tried_at FROM try
                      WHERE key = %(key)s AND tried_at > clock_timestamp() - make_interval(secs => %(window)s)
                      ORDER BY tried_at DESC LIMIT %(tries)s) AS latest
                """,
                {"key": key.digest, "window": key.window_s, "tries": key.tries},
            )
            row = await cursor.fetchone()
            if row is not None and row[0] >= key.tries:
                raise TooManyTries(max(1.0, row[1]))
        for key in in_order:
            cursor = await conn.execute("INSERT INTO try (key) VALUES (%s) RETURNING try_id", (key.digest,))
            row = await cursor.fetchone()
            assert row is not None  # noqa: S101 - RETURNING
            numbers.append(row[0])
    return numbers


async def succeeded(conn: AsyncConnection, numbers: Sequence[int], *forgiven: Key) -> None:
    """These tries were right: they do not count, and all earlier ones at `forgiven` neither. Clears old ones away."""
    await conn.execute(
        "DELETE FROM try WHERE try_id = ANY(%s) OR key = ANY(%s) "
        "OR tried_at < clock_timestamp() - make_interval(secs => %s)",
        (list(numbers), [key.digest for key in forgiven], CODE_WINDOW_S),
    )
