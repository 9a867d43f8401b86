"""A database server that a test may stop."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.local.postgres import EmbeddedPostgres

_numbers = count(1)


@pytest.fixture(scope="module")
def mortal() -> Iterator[EmbeddedPostgres]:
    """A server of a module's own; it runs again before the next test."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-mortal-"))
    with EmbeddedPostgres(folder / "postgres") as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE DATABASE house")
        migrate(make_conninfo(server.dsn, dbname="house"))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def dsn(mortal: EmbeddedPostgres) -> str:
    """A fresh, migrated database on it."""
    mortal.ensure_running()
    name = f"house_{next(_numbers)}"
    with psycopg.connect(mortal.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE house".encode())
    return make_conninfo(mortal.dsn, dbname=name)


def stop(server: EmbeddedPostgres) -> None:
    """At once, as a crash does."""
    process = psutil.Process(server.pid)
    process.send_signal(signal.SIGQUIT)
    process.wait(20)
