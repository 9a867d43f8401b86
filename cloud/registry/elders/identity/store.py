"""All SQL of identity numbers, which are sealed before they come here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict

Which = Literal["number", "card"]
BOTH: tuple[Which, Which] = ("number", "card")


@dataclass(frozen=True)
class Sealed:
    number_sealed: bytes | None = None
    card_sealed: bytes | None = None


async def identity(conn: AsyncConnection, elder_id: int) -> Sealed:
    """Nothing where nothing is known, or who asks may not see it."""
    async with conn.cursor(row_factory=class_row(Sealed)) as cursor:
        await cursor.execute("SELECT number_sealed, card_sealed FROM elder_identity WHERE elder_id = %s", (elder_id,))
        return await cursor.fetchone() or Sealed()


async def set_identity(
    conn: AsyncConnection,
    elder_id: int,
    which: Which,
    *,
    sealed: bytes | None,
    number_hash: bytes | None,
    staff_id: int | None,
    now: datetime,
) -> None:
    """None takes it out. Raises Conflict where another elder has this number: nobody stands in the register twice."""
    statement = sql.SQL(
        "INSERT INTO elder_identity (elder_id, {sealed}, {hash}, changed_by, changed_at) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (elder_id) DO UPDATE SET {sealed} = EXCLUDED.{sealed}, {hash} = EXCLUDED.{hash}, "
        "changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at"
    ).format(sealed=sql.Identifier(f"{which}_sealed"), hash=sql.Identifier(f"{which}_hash"))
    try:
        await conn.execute(statement, (elder_id, sealed, number_hash, staff_id, now))
    except UniqueViolation as error:
        raise Conflict("Another elder of the register has this number: one of the two was misread.") from error
