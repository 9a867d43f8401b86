"""Apps, passkeys, their challenges, and sign-ins that wait for a code."""

import hashlib
import secrets
from datetime import datetime, timedelta

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.identity.model import Role, Staff
from cloud.identity.second.model import App, Passkey
from cloud.identity.store import token_hash

HALF_LASTS = timedelta(minutes=10)
CHALLENGE_LASTS = timedelta(minutes=5)
_TOKEN_BYTES = 32


async def has_second_factor(conn: AsyncConnection, staff_id: int) -> bool:
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM totp WHERE staff_id = %(staff)s AND confirmed_at IS NOT NULL) "
        "OR EXISTS (SELECT FROM passkey WHERE staff_id = %(staff)s)",
        {"staff": staff_id},
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def open_half(conn: AsyncConnection, staff_id: int, now: datetime) -> str:
    """The password was right: a token with which the code may follow."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await conn.execute("DELETE FROM half_session WHERE ends_at <= %s", (now,))
    await conn.execute(
        "INSERT INTO half_session (token_hash, staff_id, ends_at) VALUES (%s, %s, %s)",
        (token_hash(token), staff_id, now + HALF_LASTS),
    )
    return token


async def half_of(conn: AsyncConnection, token: str, now: datetime) -> Staff | None:
    cursor = await conn.execute(
        "SELECT staff_id, login, name, role, region_id FROM half_session JOIN staff USING (staff_id) "
        "WHERE token_hash = %s AND ends_at > %s",
        (token_hash(token), now),
    )
    row = await cursor.fetchone()
    return None if row is None else Staff(row[0], row[1], row[2], Role(row[3]), row[4])


async def close_half(conn: AsyncConnection, token: str) -> None:
    await conn.execute("DELETE FROM half_session WHERE token_hash = %s", (token_hash(token),))


async def keep_app(conn: AsyncConnection, staff_id: int, sealed: bytes) -> bool:
    """A new secret that no code confirmed yet. False where a confirmed one stands: it must be removed first."""
    cursor = await conn.execute(
        "INSERT INTO totp (staff_id, secret) VALUES (%s, %s) ON CONFLICT (staff_id) DO UPDATE "
        "SET secret = EXCLUDED.secret, last_step = 0 WHERE totp.confirmed_at IS NULL",
        (staff_id, sealed),
    )
    return cursor.rowcount == 1


async def app_of(conn: AsyncConnection, staff_id: int) -> App | None:
    cursor = await conn.execute("SELECT secret, confirmed_at IS NOT NULL FROM totp WHERE staff_id = %s", (staff_id,))
    row = await cursor.fetchone()
    return None if row is None else App(row[0], row[1])


async def take_step(conn: AsyncConnection, staff_id: int, step: int, now: datetime) -> bool:
    """Takes the code of `step`, once, and confirms the app by it. False: it, or a later one, was taken before."""
    cursor = await conn.execute(
        "UPDATE totp SET last_step = %s, confirmed_at = coalesce(confirmed_at, %s) "
        "WHERE staff_id = %s AND last_step < %s",
        (step, now, staff_id, step),
    )
    return cursor.rowcount == 1


async def remove_app(conn: AsyncConnection, staff_id: int) -> None:
    await conn.execute("DELETE FROM totp WHERE staff_id = %s", (staff_id,))


async def ask(conn: AsyncConnection, challenge: bytes, staff_id: int | None, now: datetime) -> None:
    """`staff_id` adds a passkey; None: somebody signs in by one."""
    await conn.execute("DELETE FROM challenge WHERE ends_at <= %s", (now,))
    await conn.execute(
        "INSERT INTO challenge (digest, staff_id, ends_at) VALUES (%s, %s, %s)",
        (hashlib.sha256(challenge).digest(), staff_id, now + CHALLENGE_LASTS),
    )


async def take_challenge(conn: AsyncConnection, challenge: bytes, staff_id: int | None, now: datetime) -> bool:
    """Whether it was asked lately, of the same person, and not answered yet. It is answered now."""
    cursor = await conn.execute(
        "DELETE FROM challenge WHERE digest = %s AND staff_id IS NOT DISTINCT FROM %s AND ends_at > %s",
        (hashlib.sha256(challenge).digest(), staff_id, now),
    )
    return cursor.rowcount == 1


async def passkeys_of(conn: AsyncConnection, staff_id: int) -> list[Passkey]:
    async with conn.cursor(row_factory=class_row(Passkey)) as cursor:
        await cursor.execute(
            "SELECT credential_id, staff_id, public_key, sign_count, name, added_at, used_at "
            "FROM passkey WHERE staff_id = %s ORDER BY added_at",
            (staff_id,),
        )
        return await cursor.fetchall()


async def passkey(conn: AsyncConnection, credential_id: bytes) -> tuple[Passkey, Staff] | None:
    """It, and whose it is. Its row is held until the transaction ends."""
    cursor = await conn.execute(
        "SELECT credential_id, staff_id, public_key, sign_count, passkey.name, added_at, used_at, "
        "login, staff.name, role, region_id FROM passkey JOIN staff USING (staff_id) WHERE credential_id = %s "
        "FOR UPDATE OF passkey",
        (credential_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Passkey(*row[:7]), Staff(row[1], row[7], row[8], Role(row[9]), row[10])


async def add_passkey(conn: AsyncConnection, passkey: Passkey) -> bool:
    """False where this key is somebody's already."""
    cursor = await conn.execute(
        "INSERT INTO passkey (credential_id, staff_id, public_key, sign_count, name, added_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            passkey.credential_id,
            passkey.staff_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.name,
            passkey.added_at,
        ),
    )
    return cursor.rowcount == 1


async def note_use(conn: AsyncConnection, credential_id: bytes, sign_count: int, now: datetime) -> None:
    await conn.execute(
        "UPDATE passkey SET sign_count = %s, used_at = %s WHERE credential_id = %s", (sign_count, now, credential_id)
    )


async def remove_passkey(conn: AsyncConnection, staff_id: int, credential_id: bytes) -> None:
    await conn.execute("DELETE FROM passkey WHERE staff_id = %s AND credential_id = %s", (staff_id, credential_id))


def reset(connection: Connection, login: str) -> bool:
    """Takes app, passkeys and sessions from somebody who lost them. False: there is no such login."""
    row = connection.execute("SELECT staff_id FROM staff WHERE login = %s", (login,)).fetchone()
    if row is None:
        return False
    with connection.transaction():
        for table in (b"totp", b"passkey", b"half_session", b"session"):
            connection.execute(b"DELETE FROM " + table + b" WHERE staff_id = %s", row)
    return True
