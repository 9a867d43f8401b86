"""Accounts and sessions: all their SQL. Async, since only the web asks; `upsert_staff` is for the seed."""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import psycopg

from cloud.identity.model import Role, Session, Staff
from cloud.identity.passwords import hash_password, needs_renewal, nobodys_hash, verify_password

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]

_TOKEN_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
"""So seldom is it written that a session was seen."""


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


async def open_session(
    connection: AsyncConnection, staff_id: int, now: datetime, lasts: timedelta, *, second_factor: bool = False
) -> str:
    """A new session's token, for the cookie; the database holds only its SHA-256. Clears away ended ones."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await connection.execute("DELETE FROM session WHERE ends_at <= %s", (now,))
    await connection.execute(
        "INSERT INTO session (token_hash, staff_id, began_at, seen_at, ends_at, second_factor) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (token_hash(token), staff_id, now, now, now + lasts, second_factor),
    )
    return token


async def session_of(
    connection: AsyncConnection, token: str, now: datetime, idle: timedelta | None = None
) -> Session | None:
    """Whose session it is; None when it ended, never was, or was left alone for `idle`. Notes that it was seen."""
    found = await connection.execute(
        """
        SELECT staff_id, login, s.name, role, region_id, began_at, seen_at, second_factor, top.name,
               array(WITH RECURSIVE below AS (
                         SELECT s.region_id UNION
                         SELECT r.region_id FROM region r JOIN below b ON r.parent_id = b.region_id
                     ) SELECT region_id FROM below)
        FROM staff s JOIN session USING (staff_id) JOIN region top USING (region_id)
        WHERE token_hash = %s AND ends_at > %s
        """,
        (token_hash(token), now),
    )
    row = await found.fetchone()
    if row is None:
        return None
    began_at, seen_at, second_factor, region_name, regions = row[5:]
    if idle is not None and seen_at <= now - idle:
        await close_session(connection, token)
        return None
    if now - seen_at >= SEEN_EVERY:
        await connection.execute("SET LOCAL synchronous_commit = off")  # a minute of it may be lost at a power cut
        await connection.execute("UPDATE session SET seen_at = %s WHERE token_hash = %s", (now, token_hash(token)))
    return Session(_staff(row), began_at, second_factor, region_name, frozenset(regions))


async def sessions_of(connection: AsyncConnection, staff_id: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """When each of somebody's sessions began and was seen last, the newest first."""
    found = await connection.execute(
        "SELECT began_at, seen_at FROM session WHERE staff_id = %s AND ends_at > %s ORDER BY began_at DESC",
        (staff_id, now),
    )
    return [(began_at, seen_at) for began_at, seen_at in await found.fetchall()]


async def close_sessions_of(connection: AsyncConnection, staff_id: int) -> None:
    """Everywhere."""
    await connection.execute("DELETE FROM session WHERE staff_id = %s", (staff_id,))
    await connection.execute("DELETE FROM half_session WHERE staff_id = %s", (staff_id,))


async def strengthen_session(connection: AsyncConnection, token: str) -> None:
    """A second factor was shown in it."""
    await connection.execute("UPDATE session SET second_factor = true WHERE token_hash = %s", (token_hash(token),))


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
