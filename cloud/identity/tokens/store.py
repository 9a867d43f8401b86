"""Tokens are kept as the SHA-256 of 256 random bits: nothing to guess, nothing to steal."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.errors import NotFound
from cloud.identity.model import Role, Staff
from cloud.identity.rights import Right
from cloud.identity.store import SEEN_EVERY, token_hash
from cloud.identity.tokens.model import PREFIX, Program, Token

_TOKEN_BYTES = 32


def create(
    connection: Connection, *, login: str, name: str, scopes: Sequence[Right], now: datetime, lasts: timedelta
) -> str:
    """A new token that acts for `login`. Raises NotFound."""
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    cursor = connection.execute(
        "INSERT INTO api_token (token_hash, staff_id, name, scopes, made_at, ends_at) "
        "SELECT %s, staff_id, %s, %s, %s, %s FROM staff WHERE login = %s",
        (token_hash(token), name, [scope.value for scope in scopes], now, now + lasts, login),
    )
    if cursor.rowcount != 1:
        raise NotFound(f"there is nobody with the login {login!r}")
    return token


def tokens(connection: Connection) -> list[Token]:
    """All, also those that ended, the newest last."""
    with connection.cursor(row_factory=class_row(Token)) as cursor:
        cursor.execute(
            "SELECT api_token_id, login, api_token.name, scopes, made_at, ends_at, used_at, revoked_at "
            "FROM api_token JOIN staff USING (staff_id) ORDER BY api_token_id"
        )
        return cursor.fetchall()


def revoke(connection: Connection, api_token_id: int, now: datetime) -> None:
    """It opens nothing from now on; twice is once. Raises NotFound."""
    cursor = connection.execute(
        "UPDATE api_token SET revoked_at = coalesce(revoked_at, %s) WHERE api_token_id = %s", (now, api_token_id)
    )
    if cursor.rowcount != 1:
        raise NotFound(f"there is no token {api_token_id}; `doorstep-cloud token list` shows them")


async def program_of(conn: AsyncConnection, token: str, now: datetime) -> Program | None:
    """Who is behind it; None where it ended, was revoked or never was. Notes that it was used."""
    cursor = await conn.execute(
        "SELECT api_token_id, scopes, made_at, used_at, staff_id, login, staff.name, role, region_id "
        "FROM api_token JOIN staff USING (staff_id) WHERE token_hash = %s AND ends_at > %s AND revoked_at IS NULL",
        (token_hash(token), now),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    api_token_id, scopes, made_at, used_at = row[:4]
    if used_at is None or now - used_at >= SEEN_EVERY:
        await conn.execute("UPDATE api_token SET used_at = %s WHERE api_token_id = %s", (now, api_token_id))
    known = frozenset(right for right in Right if right.value in scopes and right is not Right.OWN)
    return Program(api_token_id, Staff(row[4], row[5], row[6], Role(row[7]), row[8]), known, made_at)
