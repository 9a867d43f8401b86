"""Every question and every deed of the stores, asked by a nurse of another community who names everything rightly.

She passes the regions of the community, its elders, visits and calls, as if each check above the database were gone:
the database itself shows and changes nothing of it.
"""

import inspect
from typing import Any

import psycopg
import pytest

from cloud.db.grants import WEB_ROLE
from cloud.db.pool import connection_settings
from cloud.db.sight import Sight, tell
from cloud.errors import CloudError
from cloud.identity.audit import store as audit_store
from cloud.identity.links import store as links_store
from cloud.identity.links.model import draw
from tests.cloud.web.community import NOW
from tests.integration.access.tables import TABLES
from tests.integration.both.arguments import Filled, Fresh
from tests.integration.both.functions import Call, find_calls
from tests.integration.both.servers import contents_query, tables
from tests.integration.test_queries_on_both import WROTE, filled_database

pytestmark = pytest.mark.integration

__all__ = ["filled_database"]  # a fixture

NAMES = ("王秀英", "李德福", "张桂兰", "颐和路 12", "北京西路", "钥匙在门卫处", "换了药盒", "used to it")
_STRANGER = "-hx"
"""Letters of the matrix for tables of which she may see her own homes' rows at most: she has none."""


def calls_of_identity(filled: Filled) -> list[Call]:
    elder, staff = filled.made.elders["home-1"], filled.made.staff["desk"]
    relative, link = filled.made.one("SELECT relative_id FROM relative"), draw()
    person = {"name": "x", "relation": "x", "staff_id": staff, "now": NOW, "link_ends_at": NOW}
    asked: list[tuple[Any, dict[str, Any]]] = [
        (links_store.relatives, {"elder_id": elder}),
        (links_store.keep_elders_link, {"elder_id": elder, "link": link}),
        (links_store.invite, {"elder_id": elder, "link": link, **person}),
        (links_store.renew_link, {"elder_id": elder, "relative_id": relative, "link": link, "link_ends_at": NOW}),
        (links_store.end_way_in, {"elder_id": elder, "relative_id": relative, "now": NOW}),
        (audit_store.looks, {"elder_id": elder, "since": NOW, "at_most": 9}),
    ]
    return [Call(f"identity.{function.__name__}", function, arguments) for function, arguments in asked]


async def test_a_hostile_nurse_at_every_function(filled_database: tuple[str, Filled]) -> None:
    dsn, filled = filled_database
    stranger = Sight("nurse", filled.made.staff["stranger"], frozenset({filled.made.regions["elsewhere"]}))
    calls = [call for call in find_calls(filled) if inspect.iscoroutinefunction(call.function)]
    assert len(calls) > 60
    wrong, answered = [], 0
    with psycopg.connect(dsn) as owner:
        names = [name for name in tables(owner) if TABLES.get(name, "a" * 8)[-1] in _STRANGER]
        before = owner.execute(contents_query(names).encode()).fetchone()
    async with await psycopg.AsyncConnection.connect(dsn, **connection_settings("hostile")) as connection:
        for call in [*calls, *calls_of_identity(filled)]:
            try:
                wrong += [f"{call.name} {said}" for said in await hostile(connection, call, stranger, names, before)]
                answered += 1
            except (CloudError, psycopg.Error):
                pass  # refused
            finally:
                await connection.rollback()
    assert not wrong, "\n".join(wrong)
    assert answered > len(calls) // 2  # with nothing; the others are refused


async def hostile(
    connection: "psycopg.AsyncConnection[Any]", call: Call, stranger: Sight, names: list[str], before: Any
) -> list[str]:
    """What she was shown or changed."""
    await connection.execute(f"SET LOCAL ROLE {WEB_ROLE}".encode())
    await connection.execute("SET LOCAL search_path = web, public")
    await tell(connection, stranger)
    arguments = {key: value.make() if isinstance(value, Fresh) else value for key, value in call.arguments.items()}
    shown = repr(await call.function(connection, **arguments))
    wrong = [f"shows {name}" for name in NAMES if name in shown]
    if await (await connection.execute(WROTE)).fetchone():
        await connection.execute("SET LOCAL ROLE NONE")
        await connection.execute("SET LOCAL search_path = public")
        after = await (await connection.execute(contents_query(names).encode())).fetchone()
        assert after is not None
        wrong += [f"changes {name}" for name, old, new in zip(names, before, after, strict=True) if old != new]
    return wrong
