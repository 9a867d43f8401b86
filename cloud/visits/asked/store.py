"""All SQL of visits that others ask for. Each function works in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority


async def open_asked(connection: AsyncConnection, elder_id: int, by: str) -> int | None:
    """The visit that the same side waits for, locked; None: it is begun or there is none."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE elder_id = %s AND kind = 'request' AND asked_by = %s "
        "AND state IN ('proposed', 'assigned', 'accepted') FOR UPDATE",
        (elder_id, by),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def put_asked(
    connection: AsyncConnection,
    elder_id: int,
    by: str,
    wish: str,
    priority: Priority,
    *,
    asked_at: datetime,
    from_at: datetime | None = None,
    promised_by: datetime,
    skills: Sequence[str] = (),
    minutes: int | None = None,
) -> int | None:
    """The new visit's id; None where one that the same side asked for is open."""
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, kind, wish, priority, asked_by, asked_at, from_at, promised_by, skills, minutes) "
        "VALUES (%s, 'request', %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (elder_id, (coalesce(asked_by, 'elder'))) "
        "WHERE kind = 'request' AND state IN ('proposed', 'assigned', 'accepted') DO NOTHING RETURNING visit_id",
        (elder_id, wish, priority, by, asked_at, from_at, promised_by, list(skills), minutes),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])
