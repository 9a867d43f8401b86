"""Accounts and sessions on a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cloud.identity.model import Role, Staff
from cloud.identity.store import (
    authenticate,
    close_session,
    close_sessions_of,
    open_session,
    session_of,
    sessions_of,
    upsert_staff,
)
from tests.cloud.identity.test_passwords import SCRYPT

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def hire(database: str, *, word: str = "doorstep-demo", name: str = "孙丽华") -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO region (code, name, level) VALUES ('1', 'x', 'street') ON CONFLICT (code) DO NOTHING"
        )
        upsert_staff(connection, login="nurse", name=name, role=Role.NURSE, region_id=1, phone="", password=word)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
    hire(database)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


async def test_only_the_right_word_opens(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    nurse = await authenticate(connection, "nurse", "doorstep-demo")
    assert nurse == Staff(staff_id=1, login="nurse", name="孙丽华", role=Role.NURSE, region_id=1)
    assert await authenticate(connection, "nurse", "doorstep") is None
    assert await authenticate(connection, "nobody", "doorstep-demo") is None
    assert await authenticate(connection, "nurse\0", "x") is None
    assert await authenticate(connection, "' OR true --", "x") is None


async def test_an_older_hash_opens_and_is_renewed(
    connection: psycopg.AsyncConnection[tuple[Any, ...]],
) -> None:
    await connection.execute("UPDATE staff SET password_hash = %s", (SCRYPT,))
    assert await authenticate(connection, "nurse", "wrong") is None
    assert await stored_hash(connection) == SCRYPT
    assert await authenticate(connection, "nurse", "pleaseletmein") is not None
    assert (await stored_hash(connection)).startswith("$argon2id$")
    assert await authenticate(connection, "nurse", "pleaseletmein") is not None


async def stored_hash(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> str:
    row = await (await connection.execute("SELECT password_hash FROM staff")).fetchone()
    assert row is not None
    return str(row[0])


async def test_a_session_lives_until_it_ends(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    token = await open_session(connection, 1, NOW, timedelta(hours=12))
    found = await session_of(connection, token, NOW + timedelta(hours=11))
    assert found is not None
    assert found.staff.login == "nurse"
    assert await session_of(connection, token, NOW + timedelta(hours=12)) is None
    assert await session_of(connection, "forged", NOW) is None
    rows = await (await connection.execute("SELECT token_hash FROM session")).fetchall()
    assert token.encode() not in rows[0][0]
    await close_session(connection, token)
    assert await session_of(connection, token, NOW) is None


async def test_a_session_left_alone_ends_and_one_in_use_does_not(
    connection: psycopg.AsyncConnection[tuple[Any, ...]],
) -> None:
    idle = timedelta(hours=1)
    token = await open_session(connection, 1, NOW, timedelta(hours=12))
    for minutes in (50, 100, 150):
        assert await session_of(connection, token, NOW + timedelta(minutes=minutes), idle) is not None
    assert await session_of(connection, token, NOW + timedelta(minutes=210), idle) is None
    assert await session_of(connection, token, NOW + timedelta(minutes=160), idle) is None  # it does not come back


async def test_signing_out_everywhere(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    tokens = [await open_session(connection, 1, NOW, timedelta(hours=12)) for _ in range(2)]
    assert len(await sessions_of(connection, 1, NOW)) == 2
    await close_sessions_of(connection, 1)
    assert [await session_of(connection, token, NOW) for token in tokens] == [None, None]


async def test_a_new_password_ends_sessions_and_the_same_does_not(
    connection: psycopg.AsyncConnection[tuple[Any, ...]], database: str
) -> None:
    token = await open_session(connection, 1, NOW, timedelta(hours=12))
    hire(database, name="孙丽")
    found = await session_of(connection, token, NOW)
    assert found is not None
    assert found.staff.name == "孙丽"
    hire(database, word="another")
    assert await session_of(connection, token, NOW) is None
    assert await authenticate(connection, "nurse", "another") is not None
