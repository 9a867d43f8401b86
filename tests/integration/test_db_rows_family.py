"""A link of one of the family, at every table and at every question of the stores: the database itself shows them what
the elder agreed to, and nothing else."""

import inspect
from collections.abc import Collection
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cloud.db.grants import WEB_ROLE
from cloud.db.pool import connection_settings
from cloud.db.sight import Sight, tell
from cloud.errors import CloudError
from tests.integration.access.filled import create_place, create_rest
from tests.integration.access.tables import FAMILY, TABLES
from tests.integration.both.arguments import Filled
from tests.integration.both.functions import find_calls
from tests.integration.both.servers import contents_query, tables
from tests.integration.test_db_rows_hostile import NAMES, calls_of_identity, hostile
from tests.integration.test_queries_on_both import filled_database

pytestmark = pytest.mark.integration

__all__ = ["filled_database"]  # a fixture

PURPOSES = ("family_readings", "family_visits", "family_alarms")
OWN = ("relative", "consent", "link_session", "data_copy", "data_copy_part")
_COMES_IN = (
    "UPDATE relative SET link_ends_at = now() + INTERVAL '1 day', ended_at = NULL",
    "INSERT INTO link_session SELECT link_hash, link_hash, elder_id, relative_id, now(), now(), now() FROM relative",
    "INSERT INTO data_copy (elder_id, relative_id, asked_at, ends_at) SELECT elder_id, relative_id, now(), now() "
    "FROM relative",
    "INSERT INTO data_copy_part SELECT copy_id, 0, '' FROM data_copy WHERE relative_id IS NOT NULL",
)
_AGREE = (
    "INSERT INTO consent (elder_id, relative_id, purpose, given_by, how, staff_id, given_at) "
    "SELECT elder_id, relative_id, unnest(%s::text[]), 'elder', 'signed', invited_by, now() FROM relative"
)


async def test_what_was_agreed_to_is_found_in_each_table_and_nothing_else(any_database: str) -> None:
    common = {name for name, letters in TABLES.items() if set(letters) in ({"a"}, {"x"})}
    asked = [name for name in TABLES if name not in common]
    wrong = []
    with psycopg.connect(any_database, autocommit=True) as owner:
        for name in ("here", "there"):
            create_place(owner, name)
        create_rest(owner)
        for statement in _COMES_IN:
            owner.execute(statement.encode())
        sight = Sight("link", link=sha256(b"here2").digest())
        async with await psycopg.AsyncConnection.connect(any_database, **connection_settings("family")) as connection:
            for agreed in ((), *((purpose,) for purpose in PURPOSES), PURPOSES):
                owner.execute("DELETE FROM consent WHERE relative_id IS NOT NULL")
                owner.execute(_AGREE, (list(agreed),))
                for name, count in (await _counts(connection, sight, asked)).items():
                    if count != _expected(name, agreed):
                        wrong.append(f"agreed to {agreed}: {count} in {name}, opened by {FAMILY.get(name, 'nothing')}")
            for change in ("ended_at = now()", "ended_at = NULL, link_ends_at = now()"):
                owner.execute(f"UPDATE relative SET {change}".encode())
                assert set((await _counts(connection, sight, asked)).values()) == {0}, change
    assert not wrong, "\n".join(wrong)


def _expected(name: str, agreed: Collection[str]) -> int:
    if name == "consent":
        return len(agreed)
    return int(name in OWN or name == "web.family_heading" or FAMILY.get(name) in agreed)


async def _counts(connection: "psycopg.AsyncConnection[Any]", sight: Sight, names: list[str]) -> dict[str, int]:
    """Of each table, how many rows are found, in one question."""
    parts = [
        sql.SQL("SELECT {}, count(*) FROM {}").format(
            name, sql.Identifier(*(name.split(".") if "." in name else ("public", name)))
        )
        for name in names
    ]
    async with connection.transaction(force_rollback=True):
        await _look(connection, sight)
        return dict(await (await connection.execute(sql.SQL(" UNION ALL ").join(parts))).fetchall())


async def _look(connection: "psycopg.AsyncConnection[Any]", sight: Sight) -> None:
    await connection.execute(f"SET LOCAL ROLE {WEB_ROLE}".encode())
    await connection.execute("SET LOCAL search_path = web, public")
    await tell(connection, sight)


async def test_hostile_family_at_every_function(filled_database: tuple[str, Filled]) -> None:
    """They name everything rightly, as if each check above the database were gone, and nothing was agreed to."""
    dsn, filled = filled_database
    calls = [call for call in find_calls(filled) if inspect.iscoroutinefunction(call.function)]
    wrong, answered = [], 0
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("UPDATE consent SET withdrawn_at = now() WHERE withdrawn_at IS NULL AND relative_id IS NOT NULL")
        owner.execute("UPDATE relative SET link_ends_at = now() + INTERVAL '1 day', ended_at = NULL")
        link = filled.made.one("SELECT link_hash FROM relative")
        names = [name for name in tables(owner) if name not in OWN and set(TABLES.get(name, "a")) != {"a"}]
        before = owner.execute(contents_query(names).encode()).fetchone()
    async with await psycopg.AsyncConnection.connect(dsn, **connection_settings("family")) as connection:
        for call in [*calls, *calls_of_identity(filled)]:
            try:
                said = await hostile(connection, call, Sight("link", link=link), names, before)
                wrong += [f"{call.name} {what}" for what in said if what != f"shows {NAMES[0]}"]
                answered += 1
            except (CloudError, psycopg.Error):
                pass  # refused
            finally:
                await connection.rollback()
    assert not wrong, "\n".join(wrong)
    assert answered > len(calls) // 2  # with nothing; the others are refused
