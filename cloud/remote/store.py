"""All SQL of the configuration of gateways."""

from datetime import datetime
from typing import Any

import psycopg

from cloud.errors import NotFound
from cloud.remote.model import Standing, Version, document_of
from protocols.remote.signed import text_of
from protocols.remote.wanted import Wanted

Connection = psycopg.Connection[tuple[Any, ...]]

AGAIN_AFTER_S = 60.0
_VERSIONS = "SELECT gateway_id, version, document, made_at, told_at FROM gateway_configuration "


def newest(connection: Connection, gateway: str) -> Version | None:
    """Raises NotFound for a gateway that is not registered."""
    _lock_or_find(connection, gateway, lock=False)
    row = connection.execute(_VERSIONS + "WHERE gateway_id = %s ORDER BY version DESC LIMIT 1", (gateway,)).fetchone()
    return None if row is None else Version(*row)


def history(connection: Connection, gateway: str, limit: int) -> list[Version]:
    """Newest first."""
    rows = connection.execute(
        _VERSIONS + "WHERE gateway_id = %s ORDER BY version DESC LIMIT %s", (gateway, limit)
    ).fetchall()
    return [Version(*row) for row in rows]


def add_version(
    connection: Connection, gateway: str, wanted: Wanted, after: int, now: datetime, *, staff_id: int | None = None
) -> Version | None:
    """The version after `after`, which was the newest when its maker looked; None where it is not any more.

    Raises NotFound for a gateway that is not registered.
    """
    with connection.transaction():
        _lock_or_find(connection, gateway, lock=True)
        found = newest(connection, gateway)
        if (0 if found is None else found.version) != after:
            return None
        document = text_of(document_of(gateway, after + 1, now, wanted))
        connection.execute(
            "INSERT INTO gateway_configuration (gateway_id, version, document, made_at, staff_id) "
            "VALUES (%s, %s, %s, %s, %s)",
            (gateway, after + 1, document, now, staff_id),
        )
    return Version(gateway, after + 1, document, now, None)


def to_tell(connection: Connection, now: datetime) -> list[Version]:
    """The newest version of each gateway that the broker was not given, or that a gateway on line neither has nor
    refused long after the broker was given it: the broker has lost it."""
    rows = connection.execute(
        """
        SELECT gateway_id, version, document, made_at, told_at
        FROM (SELECT DISTINCT ON (gateway_id) * FROM gateway_configuration ORDER BY gateway_id, version DESC) AS newest
        JOIN gateway USING (gateway_id)
        WHERE told_at IS NULL
           OR (online AND told_at < %s - make_interval(secs => %s)
               AND coalesce((status ->> 'config_version')::bigint, 0) < version
               AND coalesce((status #>> '{config_refused,version}')::bigint, 0) <> version)
        """,
        (now, AGAIN_AFTER_S),
    ).fetchall()
    return [Version(*row) for row in rows]


def note_told(connection: Connection, gateway: str, version: int, now: datetime) -> None:
    connection.execute(
        "UPDATE gateway_configuration SET told_at = %s WHERE gateway_id = %s AND version = %s", (now, gateway, version)
    )


def standing(connection: Connection, gateway: str) -> Standing:
    """Raises NotFound for a gateway that is not registered."""
    row = connection.execute(
        """
        SELECT gateway_id, online, heard_at, coalesce((status ->> 'config_version')::bigint, 0),
               coalesce((status #>> '{config_refused,version}')::bigint, 0),
               coalesce(status #>> '{config_refused,why}', '')
        FROM gateway WHERE gateway_id = %s
        """,
        (gateway,),
    ).fetchone()
    if row is None:
        raise NotFound(f"there is no gateway {gateway!r}")
    return Standing(*row)


def _lock_or_find(connection: Connection, gateway: str, *, lock: bool) -> None:
    query = b"SELECT 1 FROM gateway WHERE gateway_id = %s"
    if connection.execute(query + b" FOR NO KEY UPDATE" if lock else query, (gateway,)).fetchone() is None:
        raise NotFound(f"there is no gateway {gateway!r}")
