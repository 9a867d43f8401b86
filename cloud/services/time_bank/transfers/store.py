"""All SQL of transfers between banks. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.services.time_bank.transfers.messages import Letter
from cloud.services.time_bank.transfers.model import Transfer, TransferState, Way

_TRANSFER = (
    "SELECT transfer_id, way, bank, account_id, other_code, minutes, state, asked_at, ends_at FROM time_transfer "
)


async def add(connection: AsyncConnection, one: Transfer) -> bool:
    """False where it stands already."""
    cursor = await connection.execute(
        "INSERT INTO time_transfer (transfer_id, way, bank, account_id, other_code, minutes, state, asked_at, ends_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            one.transfer_id,
            one.way,
            one.bank,
            one.account_id,
            one.other_code,
            one.minutes,
            one.state,
            one.asked_at,
            one.ends_at,
        ),
    )
    return cursor.rowcount == 1


async def transfer(connection: AsyncConnection, transfer_id: UUID, way: Way) -> Transfer | None:
    """Locked until the transaction ends."""
    async with connection.cursor(row_factory=class_row(Transfer)) as cursor:
        await cursor.execute(_TRANSFER + "WHERE transfer_id = %s AND way = %s FOR UPDATE", (transfer_id, way))
        return await cursor.fetchone()


async def of_account(connection: AsyncConnection, account_id: int) -> list[Transfer]:
    """The newest first."""
    async with connection.cursor(row_factory=class_row(Transfer)) as cursor:
        await cursor.execute(_TRANSFER + "WHERE account_id = %s ORDER BY asked_at DESC LIMIT 50", (account_id,))
        return await cursor.fetchall()


async def set_state(connection: AsyncConnection, transfer_id: UUID, way: Way, state: TransferState) -> None:
    await connection.execute(
        "UPDATE time_transfer SET state = %s WHERE transfer_id = %s AND way = %s", (state, transfer_id, way)
    )


async def keep_letter(  # noqa: PLR0917 - the step of a transfer, as it was signed, and when
    connection: AsyncConnection, transfer_id: UUID, way: Way, step: str, letter: Letter, at: datetime, *, ours: bool
) -> None:
    """As it was signed; the first of each step stands."""
    await connection.execute(
        "INSERT INTO time_message (transfer_id, way, step, body, signature, ours, at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (transfer_id, way, step, letter.body, letter.signature, ours, at),
    )


async def letter(connection: AsyncConnection, transfer_id: UUID, way: Way, step: str) -> Letter | None:
    cursor = await connection.execute(
        "SELECT body, signature FROM time_message WHERE transfer_id = %s AND way = %s AND step = %s",
        (transfer_id, way, step),
    )
    row = await cursor.fetchone()
    return None if row is None else Letter(body=row[0], signature=row[1])


async def to_tell(connection: AsyncConnection, at_most: int) -> list[tuple[UUID, str, str, Letter]]:
    """What we offered, committed or cancelled and the other bank has not answered: transfer, bank, step and letter."""
    cursor = await connection.execute(
        "SELECT m.transfer_id, t.bank, m.step, m.body, m.signature FROM time_message m "
        "JOIN time_transfer t USING (transfer_id, way) "
        "WHERE m.ours AND m.told_at IS NULL AND m.way = 'out' "
        "AND (m.step <> 'offer' OR t.state = 'offered') ORDER BY m.at, m.transfer_id LIMIT %s",
        (at_most,),
    )
    return [
        (transfer_id, bank, step, Letter(body=body, signature=signature))
        for transfer_id, bank, step, body, signature in await cursor.fetchall()
    ]


async def note_told(connection: AsyncConnection, transfer_id: UUID, step: str, at: datetime) -> None:
    await connection.execute(
        "UPDATE time_message SET told_at = %s WHERE transfer_id = %s AND way = 'out' AND step = %s",
        (at, transfer_id, step),
    )


async def overdue(connection: AsyncConnection, now: datetime) -> list[UUID]:
    """Transfers that we offered and nobody agreed to in time."""
    cursor = await connection.execute(
        "SELECT transfer_id FROM time_transfer WHERE way = 'out' AND state = 'offered' AND ends_at <= %s "
        "ORDER BY ends_at, transfer_id",
        (now,),
    )
    return [row[0] for row in await cursor.fetchall()]
