"""Every table is read as everybody, and the rows found are those of the written matrix, whatever was asked for."""

from collections.abc import AsyncIterator, Mapping

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.db.sight import CENTRE, NOBODY, Sight, create_sighted_pool, look_as, see_as, seeing
from cloud.errors import NotFound
from cloud.web.board import store as board_store
from cloud.web.evidence import store as evidence_store
from tests.integration.access.filled import ROLES, Place, create_place, create_rest
from tests.integration.access.matrix import WHO
from tests.integration.access.tables import TABLES

pytestmark = pytest.mark.integration

_RELATIONS = """
SELECT CASE nspname WHEN 'web' THEN 'web.' || relname ELSE relname END
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname IN ('public', 'web') AND relkind IN ('r', 'v', 'm') AND relname NOT LIKE 'procrastinate%'
"""


COUNTS: Mapping[str, int | None] = {"-": 0, "x": None, "h": 1, "o": 1, "b": 2}
"""What each letter means where two places are filled; by `a` everything is found."""


@pytest.fixture
async def pool(any_database: str) -> AsyncIterator[AsyncPool]:
    async with create_sighted_pool(any_database, "test", size=2) as opened:
        yield opened


@pytest.fixture
async def web_pool(database: str) -> AsyncIterator[AsyncPool]:
    async with create_sighted_pool(database, "test", size=1) as opened:
        yield opened


def sight_of(who: str, here: Place, there: Place) -> Sight:
    if who in ROLES:
        return Sight(who, here.staff[who], frozenset({here.region_id}))
    if who == "stranger":
        return Sight("nurse", there.staff["nurse"], frozenset({there.region_id}))
    return Sight("link", link=here.link) if who == "link" else NOBODY


async def test_everybody_at_every_table(any_database: str, pool: AsyncPool) -> None:
    with psycopg.connect(any_database) as connection:
        here, there = create_place(connection, "here"), create_place(connection, "there")
        create_rest(connection)
        found = {name for (name,) in connection.execute(_RELATIONS).fetchall()}
        every = {
            name: len(connection.execute(sql.SQL("SELECT FROM {}").format(_named(name))).fetchall()) for name in TABLES
        }
    assert found == set(TABLES), "decide who may see its rows, in access/tables.py"
    wrong = []
    for name, letters in TABLES.items():
        for who, letter in zip(WHO, letters, strict=True):
            seen = await _count(pool, sight_of(who, here, there), name)
            if seen != COUNTS.get(letter, every[name]):
                wrong.append(f"{who} finds {seen} of {every[name]} in {name}, and the matrix says {letter}")
    assert not wrong, "\n".join(wrong)


async def _count(pool: AsyncPool, sight: Sight, name: str) -> int | None:
    """None: it has no right to ask."""
    async with pool.connection() as conn:
        await look_as(conn, sight)
        try:
            return len(await (await conn.execute(sql.SQL("SELECT FROM {}").format(_named(name)))).fetchall())
        except InsufficientPrivilege:
            await conn.rollback()
            return None


def _named(name: str) -> sql.Identifier:
    return sql.Identifier(*(name.split(".") if "." in name else ("public", name)))


async def test_a_forgotten_where_shows_nothing_of_elsewhere(any_database: str, pool: AsyncPool) -> None:
    with psycopg.connect(any_database) as connection:
        here, there = create_place(connection, "here"), create_place(connection, "there")
    both = frozenset({here.region_id, there.region_id})
    with seeing(sight_of("nurse", here, there)):
        async with pool.connection() as conn:
            cursor = await conn.execute("SELECT name FROM elder")
            assert await cursor.fetchall() == [("here",)]
            cursor = await conn.execute("SELECT DISTINCT elder_id, value FROM reading")
            assert await cursor.fetchall() == [(here.elder_id, 70.0)]
            assert [alarm.gateway_id for alarm in await board_store.open_alarms(conn, None)] == ["here"]
            assert (await evidence_store.person(conn, here.elder_id, both)).name == "here"
            with pytest.raises(NotFound):
                await evidence_store.person(conn, there.elder_id, both)
            changed = await conn.execute("UPDATE visit SET wish = 'company'")
            assert changed.rowcount == 1
            assert (await conn.execute("UPDATE contested_reading SET flags = '{}'")).rowcount == 1
    with seeing(CENTRE):
        async with pool.connection() as conn:
            assert len(await board_store.open_alarms(conn, None)) == 2


async def test_a_doctor_finds_who_agreed_and_nobody_else(any_database: str, pool: AsyncPool) -> None:
    with psycopg.connect(any_database) as connection:
        here = create_place(connection, "here")
    for withdrawn in (False, True):
        if withdrawn:
            with psycopg.connect(any_database) as connection:
                connection.execute("UPDATE consent SET withdrawn_at = now()")
        with seeing(sight_of("doctor", here, here)):
            async with pool.connection() as conn:
                for table in ("elder", "reading", "visit", "contact", "consent"):
                    found = await (await conn.execute(f"SELECT FROM {table}".encode())).fetchall()
                    assert len(found) == (0 if withdrawn else 1), table


async def test_nothing_is_left_for_who_comes_next(any_database: str, pool: AsyncPool) -> None:
    with psycopg.connect(any_database) as connection:
        here = create_place(connection, "here")
    for sight, expected in ((CENTRE, 1), (NOBODY, 0), (sight_of("desk", here, here), 1), (NOBODY, 0)):
        see_as(sight)
        async with pool.connection() as conn:
            assert len(await (await conn.execute("SELECT FROM elder")).fetchall()) == expected
            await conn.commit()
            assert await (await conn.execute("SELECT FROM elder")).fetchall() == []


_NEAR = "SELECT web.elders_near(), array(SELECT n FROM generate_series(1, 2000) AS n WHERE web.sees_elder(n))"


async def _near(conn: AsyncConnection) -> tuple[list[int] | None, list[int]]:
    row = await (await conn.execute(_NEAR)).fetchone()
    assert row is not None
    return row[0] and sorted(row[0]), row[1]


async def test_elders_near_are_those_whom_the_question_for_each_would_let_through(
    database: str, web_pool: AsyncPool
) -> None:
    with psycopg.connect(database) as connection:
        here, there = create_place(connection, "here"), create_place(connection, "there")
    elsewhere = sight_of("stranger", here, there)
    for sight in (*(sight_of(role, here, there) for role in ("nurse", "desk", "doctor", "administrator")), elsewhere):
        async with web_pool.connection() as conn:
            await look_as(conn, sight)
            near, seen = await _near(conn)
            assert near == seen != []
            await look_as(conn, elsewhere)  # in one transaction: what was gathered for one is not for the next
            assert await _near(conn) == ([there.elder_id], [there.elder_id])
    for sight in (sight_of("installer", here, there), sight_of("link", here, there), NOBODY, CENTRE):
        async with web_pool.connection() as conn:
            await look_as(conn, sight)
            assert (await _near(conn))[0] is None, sight


async def test_who_moves_or_agrees_is_seen_in_the_same_transaction(database: str, web_pool: AsyncPool) -> None:
    with psycopg.connect(database) as connection:
        here, there = create_place(connection, "here"), create_place(connection, "there")
        row = connection.execute("SELECT home_id FROM home WHERE region_id = %s", (there.region_id,)).fetchone()
    async with web_pool.connection() as conn:
        await look_as(conn, sight_of("doctor", here, there))
        assert await _near(conn) == ([here.elder_id], [here.elder_id])
        await conn.execute("UPDATE consent SET withdrawn_at = now()")
        assert await _near(conn) == ([], [])
        await conn.rollback()
        await look_as(conn, sight_of("nurse", here, there))
        assert await _near(conn) == ([here.elder_id], [here.elder_id])
        await conn.execute("UPDATE elder SET home_id = %s", row)
        assert await _near(conn) == ([], [])
        assert await (await conn.execute("SELECT FROM elder")).fetchall() == []
        await conn.rollback()


async def test_of_very_many_each_is_asked_for(database: str, web_pool: AsyncPool) -> None:
    with psycopg.connect(database) as connection:
        here, there = create_place(connection, "here"), create_place(connection, "there")
        connection.execute(
            "INSERT INTO elder (code, home_id, name) SELECT 'many-' || n, home_id, 'many' "
            "FROM home, generate_series(1, 1000) AS n WHERE region_id = %s",
            (here.region_id,),
        )
    async with web_pool.connection() as conn:
        await look_as(conn, sight_of("nurse", here, there))
        for _ in range(2):
            near, seen = await _near(conn)
            assert near is None
            assert len(seen) == 1001
        assert len(await (await conn.execute("SELECT FROM elder")).fetchall()) == 1001
        await look_as(conn, sight_of("stranger", here, there))
        assert await (await conn.execute("SELECT elder_id FROM elder")).fetchall() == [(there.elder_id,)]
