"""Accounts and sessions: all their SQL. Async, since only the web asks; `upsert_staff` is for the seed."""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import psycopg

from cloud.identity.model import Role, Staff
from cloud.identity.passwords import hash_password, needs_renewal, nobodys_hash, verify_password

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]

_TOKEN_BYTES = 32


async def authenticate(connection: AsyncConnection, login: str, password: str) -> Staff | None:
    """The person behind `login` when `password` is theirs. Takes as long for an unknown login as for a wrong word.

    A password that is stored in an older way is stored anew.
    """
    found = await connection.execute(
        "SELECT staff_id, login, name, role, region_id, password_hash FROM staff WHERE login = %s",
        (login.replace("\0", ""),),
    )
    row = await found.fetchone()
    # Some 40 ms of work, so on a thread. The stand-in is made first, so that its making is in no answer's time.
    nobodys = await asyncio.to_thread(nobodys_hash)
    right = await asyncio.to_thread(verify_password, password, nobodys if row is None else str(row[5]))
    if row is None or not right:
        return None
    if needs_renewal(row[5]):
        renewed = await asyncio.to_thread(hash_password, password)
        await connection.execute(
            "UPDATE staff SET password_hash = %s WHERE staff_id = %s AND password_hash = %s", (renewed, row[0], row[5])
        )
    return _staff(row)


async def open_session(connection: AsyncConnection, staff_id: int, now: datetime, lasts: timedelta) -> str:
    """A new session's token, for the cookie; the database holds only its SHA-256. Clears away ended ones."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await connection.execute("DELETE FROM session WHERE ends_at <= %s", (now,))
    await connection.execute(
        "INSERT INTO session (token_hash, staff_id, began_at, ends_at) VALUES (%s, %s, %s, %s)",
        (token_hash(token), staff_id, now, now + lasts),
    )
    return token


async def staff_of_session(connection: AsyncConnection, token: str, now: datetime) -> Staff | None:
    """Who holds the session; None when it ended or never was."""
    found = await connection.execute(
        "SELECT staff_id, login, name, role, region_id FROM staff JOIN session USING (staff_id) "
        "WHERE token_hash = %s AND ends_at > %s",
        (token_hash(token), now),
    )
    row = await found.fetchone()
    return None if row is None else _staff(row)


async def close_session(connection: AsyncConnection, token: str) -> None:
    await connection.execute("DELETE FROM session WHERE token_hash = %s", (token_hash(token),))


def token_hash(token: str) -> bytes:
    """What is stored of a secret token (a session's, an elder's link): its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def upsert_staff(
    connection: Connection, *, login: str, name: str, role: Role, region_id: int, phone: str, password: str
) -> None:
    """Makes or changes an account. A password that fits what is stored keeps its hash; another ends all sessions."""
    row = connection.execute("SELECT staff_id, password_hash FROM staff WHERE login = %s", (login,)).fetchone()
    if row is not None and verify_password(password, row[1]):
        stored = row[1]
    else:
        stored = hash_password(password)
        if row is not None:
            connection.execute("DELETE FROM session WHERE staff_id = %s", (row[0],))
    connection.execute(
        "INSERT INTO staff (login, name, role, region_id, phone, password_hash) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (login) DO UPDATE SET name = EXCLUDED.name, role = EXCLUDED.role, "
        "region_id = EXCLUDED.region_id, phone = EXCLUDED.phone, password_hash = EXCLUDED.password_hash",
        (login, name, role.value, region_id, phone, stored),
    )


def _staff(row: tuple[Any, ...]) -> Staff:
    staff_id, login, name, role, region_id = row[:5]
    return Staff(staff_id=staff_id, login=login, name=name, role=Role(role), region_id=region_id)
