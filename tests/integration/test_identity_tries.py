"""Tries are counted in the database, also when they come all at once and by several processes."""

import asyncio

import pytest

from cloud.db.pool import AsyncPool, create_async_pool
from cloud.identity.tries.model import (
    ADDRESS_TRIES,
    CODE_WINDOW_S,
    TRIES,
    WINDOW_S,
    TooManyTries,
    address_key,
    login_key,
    second_factor_key,
)
from cloud.identity.tries.store import begin, succeeded

pytestmark = pytest.mark.integration


async def one_try(pool: AsyncPool, login: str, address: str = "192.0.2.1") -> bool:
    async with pool.connection() as conn:
        try:
            await begin(conn, [login_key(login), address_key(address)])
        except TooManyTries as error:
            return not 0 < error.wait_s <= WINDOW_S
    return True


async def test_a_hundred_at_once_from_two_processes_are_eight(database: str) -> None:
    async with create_async_pool(database, "a", size=4) as one, create_async_pool(database, "b", size=4) as other:
        let_through = await asyncio.gather(
            *(one_try(pool, "nurse", f"192.0.2.{number}") for number in range(50) for pool in (one, other))
        )
        assert sum(let_through) == TRIES
        assert await one_try(one, "NURSE", "192.0.2.99") is False  # a login is the same in capitals
        assert await one_try(one, "desk", "192.0.2.99") is True


async def test_an_address_may_try_more_and_a_network_is_one(database: str) -> None:
    async with create_async_pool(database, "a", size=2) as pool:
        passed = [
            await one_try(pool, f"login {number}", f"2001:db8::{number:x}") for number in range(ADDRESS_TRIES + 3)
        ]
        assert passed == [True] * ADDRESS_TRIES + [False] * 3
        assert await one_try(pool, "login", "2001:db8:0:1::1")


async def test_success_and_time_forgive(database: str) -> None:
    async with create_async_pool(database, "a", size=1) as pool, pool.connection() as conn:
        login, code = login_key("nurse"), second_factor_key(1)
        for _ in range(TRIES - 1):
            await begin(conn, [login])
        await succeeded(conn, await begin(conn, [login]), login)
        for key in (login, code):
            for _ in range(TRIES):
                await begin(conn, [key])
            with pytest.raises(TooManyTries):
                await begin(conn, [key])
        await conn.execute("UPDATE try SET tried_at = tried_at - make_interval(secs => %s)", (WINDOW_S,))
        await begin(conn, [login])
        with pytest.raises(TooManyTries, match="wait"):
            await begin(conn, [code])  # a code of six digits is spread over longer
        await conn.execute("UPDATE try SET tried_at = tried_at - make_interval(secs => %s)", (CODE_WINDOW_S,))
        await begin(conn, [code])


async def test_neither_login_nor_address_is_kept(database: str) -> None:
    async with create_async_pool(database, "a", size=1) as pool:
        await one_try(pool, "sunlihua", "192.0.2.77")
        async with pool.connection() as conn:
            rows = await (await conn.execute("SELECT key FROM try")).fetchall()
    assert all(len(key) == 32 for (key,) in rows)
    assert not any(b"sunlihua" in key or b"192.0.2" in key for (key,) in rows)
