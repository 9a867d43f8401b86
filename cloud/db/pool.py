"""Connections to PostgreSQL, set up the same way everywhere: UTC, time limits, a name that pg_stat_activity shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, ConnectionPool

DatabaseAway = psycopg.OperationalError
"""What a caller catches to try again later: the server is away, is starting, cut us off or took too long."""

Unstorable = psycopg.DataError
"""Somebody gave a value that no column holds: a NUL in a text, a number or a time out of range."""
NotMigrated = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction)

CONNECT_TIMEOUT_S = 5
RECONNECT_S = 8.0  # then the next caller tries anew; a longer one would leave us away long after the server is back
STATEMENT_TIMEOUT_S = 30
IDLE_IN_TRANSACTION_S = 60

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
AsyncPool = AsyncConnectionPool[AsyncConnection]


def is_address(dsn: str) -> bool:
    """Whether libpq can read it; not whether anybody answers there."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return False
    return True


def connection_settings(name: str, *, statement_timeout_s: int = STATEMENT_TIMEOUT_S) -> dict[str, Any]:
    """Keyword arguments of `psycopg.connect` for the process or purpose `name`."""
    settings = {
        "timezone": "UTC",
        "statement_timeout": f"{statement_timeout_s}s",
        "jit": "off",  # our statements are short; compiling them takes longer than running them
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
    }
    return {
        "application_name": f"doorstep-{name}",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 30,
        "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
    }


@contextmanager
def own_connection(dsn: str, name: str) -> Iterator[Connection]:
    """A connection for one piece of work, away from any pool; each statement commits unless in a transaction.

    Raises DatabaseAway.
    """
    with psycopg.connect(dsn, autocommit=True, **connection_settings(name)) as connection:
        yield connection


def create_pool(dsn: str, name: str, *, size: int = 4) -> Pool:
    """A closed pool of at most `size` connections; use it as a context manager, which opens and closes it.

    Opening does not wait for the server. A connection that cannot be had within 5 s raises DatabaseAway.
    """
    return ConnectionPool(
        dsn,
        connection_class=psycopg.Connection[tuple[Any, ...]],
        kwargs=connection_settings(name),
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=RECONNECT_S,
        check=ConnectionPool.check_connection,
        name=name,
        open=False,
    )


def create_async_pool(dsn: str, name: str, *, size: int = 4, ready: bool = False) -> AsyncPool:
    """`create_pool` for asyncio.

    With `ready` a connection is handed out without asking first whether it lives, and statements are prepared at their
    first use: for callers who are in a hurry, and try again with the next connection.
    """
    return AsyncConnectionPool(
        dsn,
        connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
        kwargs=connection_settings(name) | ({"prepare_threshold": 0} if ready else {}),
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        reconnect_timeout=RECONNECT_S,
        check=None if ready else AsyncConnectionPool.check_connection,
        name=name,
        open=False,
    )
