"""All SQL of copies that are asked for on a page. Who makes them works as the tables' owner."""

from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.errors import NotFound
from cloud.privacy.copies.model import GIVEN_UP, LASTS, Asker, DataCopy, Wanted

_ASKERS = (
    "elder_id = %(elder)s AND staff_id IS NOT DISTINCT FROM %(staff)s AND relative_id IS NOT DISTINCT FROM %(relative)s"
)
_AGREED = (
    "coalesce((SELECT array_agg(purpose ORDER BY purpose) FROM consent "
    "WHERE relative_id = {relative} AND withdrawn_at IS NULL), '{{}}')"
)
"""What one of the family may see just now."""
_REPLACE = f"DELETE FROM data_copy WHERE {_ASKERS} AND (made_at IS NOT NULL OR failed_at IS NOT NULL)"  # noqa: S608 - ours
_NEWEST = f"""
SELECT copy_id, asked_at, made_at, failed_at, fetched_at, ends_at, size_bytes FROM data_copy
WHERE {_ASKERS} ORDER BY copy_id DESC LIMIT 1
"""  # noqa: S608 - ours
_FETCH = f"""
UPDATE data_copy SET fetched_at = %(now)s
WHERE copy_id = %(copy)s AND {_ASKERS} AND made_at IS NOT NULL AND fetched_at IS NULL AND ends_at > %(now)s
  AND (relative_id IS NULL OR purposes <@ {_AGREED.format(relative="data_copy.relative_id")})
RETURNING copy_id
"""  # noqa: S608 - ours
_BEGIN = f"""
UPDATE data_copy c SET begun_at = %(now)s, purposes = {_AGREED.format(relative="c.relative_id")}
FROM elder e WHERE e.elder_id = c.elder_id AND copy_id = (
    SELECT copy_id FROM data_copy WHERE made_at IS NULL AND failed_at IS NULL AND ends_at > %(now)s
    AND coalesce(begun_at < %(given_up)s, true) ORDER BY copy_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING copy_id, c.elder_id, e.code, relative_id, purposes
"""  # noqa: S608 - ours


async def ask(conn: AsyncConnection, asker: Asker, wall_now: datetime) -> None:
    """A copy is to be made for `asker`, in place of one before. Asking again while one waits changes nothing."""
    await conn.execute(_REPLACE.encode(), _values(asker))
    await conn.execute(
        "INSERT INTO data_copy (elder_id, staff_id, relative_id, asked_at, ends_at) "
        "VALUES (%(elder)s, %(staff)s, %(relative)s, %(now)s, %(ends)s) ON CONFLICT DO NOTHING",
        _values(asker) | {"now": wall_now, "ends": wall_now + LASTS},
    )


async def newest(conn: AsyncConnection, asker: Asker) -> DataCopy | None:
    """The last one that `asker` asked for."""
    async with conn.cursor(row_factory=class_row(DataCopy)) as cursor:
        await cursor.execute(_NEWEST.encode(), _values(asker))
        return await cursor.fetchone()


async def fetch(conn: AsyncConnection, asker: Asker, copy_id: int, wall_now: datetime) -> list[bytes]:
    """The sealed parts, in order; here they are gone afterwards.

    Raises NotFound where it is not there for `asker` any more, also where the elder withdrew something of what one of
    the family was to see since it was made.
    """
    cursor = await conn.execute(_FETCH.encode(), _values(asker) | {"copy": copy_id, "now": wall_now})
    if await cursor.fetchone() is None:
        raise NotFound("This copy is not here any more. Ask for a new one.")
    cursor = await conn.execute("SELECT sealed FROM data_copy_part WHERE copy_id = %s ORDER BY place", (copy_id,))
    parts = [bytes(sealed) for (sealed,) in await cursor.fetchall()]
    await conn.execute("DELETE FROM data_copy_part WHERE copy_id = %s", (copy_id,))
    return parts


def begin(connection: Connection, wall_now: datetime) -> Wanted | None:
    """The next one to make, which nobody else makes now. None: none waits."""
    with connection.cursor(row_factory=class_row(Wanted)) as cursor:
        cursor.execute(_BEGIN.encode(), {"now": wall_now, "given_up": wall_now - GIVEN_UP})
        return cursor.fetchone()


def keep_part(connection: Connection, copy_id: int, place: int, sealed: bytes) -> None:
    connection.execute(
        "INSERT INTO data_copy_part (copy_id, place, sealed) VALUES (%s, %s, %s)", (copy_id, place, sealed)
    )


def finish(connection: Connection, copy_id: int, size_bytes: int, wall_now: datetime) -> None:
    """It is there to be fetched."""
    connection.execute(
        "UPDATE data_copy SET made_at = %s, size_bytes = %s WHERE copy_id = %s", (wall_now, size_bytes, copy_id)
    )


def fail(connection: Connection, copy_id: int, wall_now: datetime) -> None:
    """It could not be made: who asked is told so, and asks again."""
    connection.execute("UPDATE data_copy SET failed_at = %s WHERE copy_id = %s", (wall_now, copy_id))


def put_back(connection: Connection, copy_id: int) -> None:
    """Somebody else is to make it."""
    connection.execute("UPDATE data_copy SET begun_at = NULL WHERE copy_id = %s", (copy_id,))


def forget(connection: Connection, wall_now: datetime) -> int:
    """What was made of those that ended; gives of how many. That they were asked for stands in the audit."""
    return connection.execute("DELETE FROM data_copy WHERE ends_at <= %s", (wall_now,)).rowcount


def _values(asker: Asker) -> dict[str, object]:
    return {"elder": asker.elder_id, "staff": asker.staff_id, "relative": asker.relative_id}
