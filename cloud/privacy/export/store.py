"""All SQL of a copy: what is theirs, table by table, without holding it all at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cloud.db.pool import Connection
from cloud.db.tables import tables
from cloud.privacy.export.model import Sheet
from cloud.privacy.holdings import holdings_in

_AT_ONCE = 2000
_NAMED = {
    "audit": "coalesce((SELECT name FROM staff s WHERE s.staff_id = t.staff_id), (SELECT name FROM relative r "
    "WHERE t.staff_id = 0 AND r.elder_id = t.elder_id AND t.subject = 'relative:' || r.relative_id)) AS who",
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


def given(connection: Connection) -> list[Sheet]:
    """What an elder's own copy holds, in whatever order the rows lie."""
    return [
        Sheet(
            holding.table,
            holding.what,
            f"SELECT t.*{_more(holding.table)} FROM {holding.table} t WHERE {holding.theirs}",  # noqa: S608 - ours
            holding.why,
            holding.hidden,
            file=holding.file,
        )
        for holding in holdings_in(tables(connection))
        if holding.given
    ]


def columns(connection: Connection, sheet: Sheet) -> list[str]:
    """What a row of `rows` has, in its order."""
    cursor = connection.execute(
        f"SELECT * FROM ({sheet.query}) AS sheet LIMIT 0".encode(),  # noqa: S608 - ours
        {**sheet.values, "elder": 0},
    )
    return [column.name for column in cursor.description or () if column.name not in sheet.hidden]


def rows(connection: Connection, sheet: Sheet, elder_id: int) -> Iterator[dict[str, Any]]:
    """Within `one_instant`."""
    with psycopg.ServerCursor(connection, f"copy_{sheet.name}", row_factory=dict_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(sheet.query.encode(), {**sheet.values, "elder": elder_id})
        for row in cursor:
            yield {name: value for name, value in row.items() if name not in sheet.hidden}


def finish_requests(connection: Connection, elder_id: int) -> int:
    """Notes that the copy they asked for is made; gives how many wishes that were."""
    return connection.execute(
        "UPDATE privacy_request SET done_at = now() WHERE elder_id = %s AND what = 'export' AND done_at IS NULL",
        (elder_id,),
    ).rowcount


def _more(table: str) -> str:
    return f", {_NAMED[table]}" if table in _NAMED else ""
