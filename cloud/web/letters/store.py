"""All SQL of the dead letters."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection

PAGE_LETTERS = 50


@dataclass(frozen=True)
class DeadLetter:
    dead_letter_id: int
    topic: str
    payload: bytes
    size: int
    """Bytes in all; `payload` is their beginning."""
    reason: str
    first_at: datetime
    last_at: datetime
    times: int
    replayed_at: datetime | None


async def letters(conn: AsyncConnection, before: int | None, longest: int) -> list[DeadLetter]:
    """A page of letters that no replay took, newest first, below id `before`; of each at most `longest` bytes."""
    async with conn.cursor(row_factory=class_row(DeadLetter)) as cursor:
        await cursor.execute(
            """
            SELECT dead_letter_id, topic, substring(payload FOR %s) AS payload, length(payload) AS size, reason,
                   first_at, last_at, times, replayed_at
            FROM dead_letter WHERE replayed_at IS NULL AND (%s::bigint IS NULL OR dead_letter_id < %s)
            ORDER BY dead_letter_id DESC LIMIT %s
            """,
            (longest, before, before, PAGE_LETTERS),
        )
        return await cursor.fetchall()


async def count(conn: AsyncConnection) -> int:
    """How many wait to be mended."""
    cursor = await conn.execute("SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
