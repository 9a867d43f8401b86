"""All SQL of a copy: what is theirs, table by table, without holding it all at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cloud.db.pool import Connection
from cloud.db.tables import tables
from cloud.privacy.holdings import Holding, holdings_in

_AT_ONCE = 2000
_NAMED = {
    "audit": "(SELECT name FROM staff s WHERE s.staff_id = t.staff_id) AS who",
    "visit": "(SELECT name FROM staff s WHERE s.staff_id = t.nurse_id) AS nurse",
    "visit_report": "(SELECT name FROM staff s WHERE s.staff_id = t.staff_id) AS nurse",
    "consent": "(SELECT name FROM staff s WHERE s.staff_id = t.staff_id) AS written_down_by",
}
"""What a number alone would not tell them."""


@contextmanager
def one_instant(reading: Connection) -> Iterator[None]:
    """All that is read within is of one moment."""
    with reading.transaction():
        reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        reading.execute("SET LOCAL statement_timeout = '1h'")
        yield


def given(connection: Connection) -> list[Holding]:
    """What a copy holds."""
    return [holding for holding in holdings_in(tables(connection)) if holding.given]


def columns(connection: Connection, holding: Holding) -> list[str]:
    """What a row of `rows` has, in its order."""
    cursor = connection.execute(_query(holding, "LIMIT 0"), {"elder": 0})
    return [column.name for column in cursor.description or () if column.name not in holding.hidden]


def rows(connection: Connection, holding: Holding, elder_id: int) -> Iterator[dict[str, Any]]:
    """In whatever order they lie. Within `one_instant`."""
    with psycopg.ServerCursor(connection, f"copy_{holding.table}", row_factory=dict_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_query(holding, ""), {"elder": elder_id})
        for row in cursor:
            yield {name: value for name, value in row.items() if name not in holding.hidden}


def finish_requests(connection: Connection, elder_id: int) -> int:
    """Notes that the copy they asked for is made; gives how many wishes that were."""
    return connection.execute(
        "UPDATE privacy_request SET done_at = now() WHERE elder_id = %s AND what = 'export' AND done_at IS NULL",
        (elder_id,),
    ).rowcount


def _query(holding: Holding, end: str) -> bytes:
    more = f", {_NAMED[holding.table]}" if holding.table in _NAMED else ""
    return f"SELECT t.*{more} FROM {holding.table} t WHERE {holding.theirs} {end}".encode()  # noqa: S608 - ours
