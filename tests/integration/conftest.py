"""Real servers for the tests: one PostgreSQL a session, a fresh database a test, a fresh broker a test.

DOORSTEP_TEST_DSN names a server with TimescaleDB on which databases may be made and dropped; the tests that ask for
`any_database` then run on it as well.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.db.migrate import migrate
from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from tests.cloud.web.centre import WebCentre, running_centre
from tests.cloud.web.community import Community
from tests.cloud.web.running import Site

_TEMPLATE = "doorstep_template"
_TIMESCALE = os.environ.get("DOORSTEP_TEST_DSN")
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server that forgets at a power cut: tests need its answers, not its disk."""
    # Not pytest's tmp_path: as root the server runs as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="doorstep-test-"))
    with EmbeddedPostgres(folder / "postgres") as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database, ready to be copied."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
    migrate(make_conninfo(postgres.dsn, dbname=_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def database(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The DSN of a fresh, migrated, empty database."""
    yield from _create_database(postgres.dsn, f"TEMPLATE {template}")


@pytest.fixture(params=["plain", "timescale"])
def any_database(request: pytest.FixtureRequest) -> str:
    """Like `database`, on plain PostgreSQL and once more on TimescaleDB."""
    dsn: str = request.getfixturevalue("database" if request.param == "plain" else "timescale_database")
    return dsn


@pytest.fixture
def timescale_database() -> Iterator[str]:
    """The DSN of a fresh, migrated, empty database on the server that DOORSTEP_TEST_DSN names."""
    if _TIMESCALE is None:
        pytest.skip("skipped: no TimescaleDB at DOORSTEP_TEST_DSN")
    for dsn in _create_database(_TIMESCALE, ""):  # no template: background workers would hold it open
        assert migrate(dsn, timescale=True).timescale
        yield dsn


@pytest.fixture
def bare_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The DSN of a fresh database without any table."""
    yield from _create_database(postgres.dsn, "")


@pytest.fixture(params=["plain", "timescale"])
def bare_any_database(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[str]:
    """The DSN of a fresh database without any table, on plain PostgreSQL and once more on TimescaleDB."""
    if request.param == "timescale" and _TIMESCALE is None:
        pytest.skip("skipped: no TimescaleDB at DOORSTEP_TEST_DSN")
    for dsn in _create_database(_TIMESCALE if request.param == "timescale" and _TIMESCALE else postgres.dsn, ""):
        if request.param == "timescale":
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        yield dsn


def _create_database(server: str, options: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {options}".encode())
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A real broker on a free port; `broker.url`, `broker.kill()`, `broker.restart()`."""
    with LocalBroker(tmp_path / "broker", wanted_port=0) as local:
        yield local


@pytest.fixture(scope="module")
def web_centre(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebCentre]:
    """A web process, its broker and its database, for all tests of a module."""
    with running_centre(postgres.dsn, template, tmp_path_factory.mktemp("web")) as running:
        yield running


@pytest.fixture
def community(web_centre: WebCentre) -> Community:
    """The small community, fresh, behind `site`."""
    return web_centre.renewed()


@pytest.fixture
def site(web_centre: WebCentre, community: Community) -> Site:
    return web_centre.site


@pytest.fixture
def own_centre(postgres: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[WebCentre]:
    """A centre for one test alone, which may break it."""
    with running_centre(postgres.dsn, template, tmp_path) as running:
        running.renewed()
        yield running
