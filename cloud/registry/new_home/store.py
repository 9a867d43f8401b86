"""A home with its gateway, and perhaps its elder, made in one step at a terminal."""

import re
from collections.abc import Iterable
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from cloud.errors import Conflict
from cloud.registry import store
from cloud.registry.model import Elder, Gateway, Home
from protocols.telemetry.topics import STATUS, topic

Connection = psycopg.Connection[tuple[Any, ...]]

_NUMBERED = re.compile(r"home-(\d{1,9})")


def make_home(
    connection: Connection,
    *,
    community: str,
    address: str,
    code: str = "",
    door_note: str = "",
    time_zone: str = "Asia/Shanghai",
    elder: str = "",
    elder_code: str = "",
) -> tuple[str, str]:
    """The codes of the home and of its gateway, `gw-CODE`; without `code` the next free home-NUMBER.

    `elder` is a name. All or nothing. Raises NotFound for a community that is not there, Conflict where something
    with such a code is there already, ValueError for a code that cannot be part of a topic.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE home IN SHARE ROW EXCLUSIVE MODE")  # two at once would take one number
        store.id_of(connection, "region", community)
        home = code or _next_code(row[0] for row in connection.execute("SELECT code FROM home"))
        gateway = f"gw-{home}"
        topic(gateway, STATUS)
        _need_free(connection, "home", "code", home)
        _need_free(connection, "gateway", "gateway_id", gateway)
        store.upsert_home(
            connection, Home(code=home, region=community, address=address, door_note=door_note, time_zone=time_zone)
        )
        store.upsert_gateway(connection, Gateway(name=gateway, home=home))
        if elder:
            who = elder_code or f"elder-{home}"
            _need_free(connection, "elder", "code", who)
            store.upsert_elder(connection, Elder(code=who, home=home, name=elder))
    return home, gateway


def add_home(connection: Connection, *, community: str, address: str) -> str:
    """The code of a home without a gateway, which may come later. Raises NotFound for a community that is not there."""
    with connection.transaction():
        connection.execute("LOCK TABLE home IN SHARE ROW EXCLUSIVE MODE")
        code = _next_code(row[0] for row in connection.execute("SELECT code FROM home"))
        store.upsert_home(connection, Home(code=code, region=community, address=address))
    return code


def add_elder(connection: Connection, *, home: str, name: str) -> int:
    """The id of a new elder in the home with this code. Raises NotFound."""
    with connection.transaction():
        connection.execute("LOCK TABLE elder IN SHARE ROW EXCLUSIVE MODE")
        taken = {row[0] for row in connection.execute("SELECT code FROM elder WHERE code LIKE %s", (f"elder-{home}%",))}
        code = next(code for number in count(1) if (code := _elder_code(home, number)) not in taken)
        store.upsert_elder(connection, Elder(code=code, home=home, name=name))
        return store.id_of(connection, "elder", code)


def _elder_code(home: str, number: int) -> str:
    return f"elder-{home}" if number == 1 else f"elder-{home}-{number}"


def _next_code(codes: Iterable[str]) -> str:
    numbers = [int(match[1]) for text in codes if (match := _NUMBERED.fullmatch(text))]
    return f"home-{max(numbers, default=0) + 1}"


def _need_free(connection: Connection, table: str, column: str, code: str) -> None:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    if connection.execute(query, (code,)).fetchone() is not None:
        raise Conflict(f"there is a {table} {code!r} already; choose another code")
