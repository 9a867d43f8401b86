"""A web process with broker and database, shared by the tests of a module; each test begins with the same rows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo

from cloud.local.broker import LocalBroker
from tests.cloud.web.community import Community, create_community
from tests.cloud.web.running import Site, running_site

_WAIT_S = 15.0
_numbers = count(1)


@dataclass(frozen=True)
class WebCentre:
    site: Site
    broker: LocalBroker
    dsn: str

    def renewed(self) -> Community:
        """The small community anew, with the ids that it always has; everything else is gone."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")  # all goes; nothing needs to be checked
            for table in _names(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
                # not TRUNCATE, whose locks would meet those of a page that is still being made
                connection.execute(f"DELETE FROM {table}".encode())
            for sequence in _names(connection, "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"):
                connection.execute("SELECT setval(%s, 1, false)", (sequence,))
        return create_community(self.dsn)


@contextmanager
def running_centre(server: str, template: str, folder: Path) -> Iterator[WebCentre]:
    """A copy of the migrated database `template` on `server`, a broker, and the web process that hears both."""
    name = f"web_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    dsn = make_conninfo(server, dbname=name)
    with LocalBroker(folder / "broker", wanted_port=0) as broker, running_site(folder, dsn, broker.url) as site:
        _wait_until_well(site)
        yield WebCentre(site, broker, dsn)


def _names(connection: psycopg.Connection[tuple[Any, ...]], query: LiteralString) -> list[str]:
    """What is the house's own: neither the job queue's nor the list of migrations."""
    names = (str(name) for (name,) in connection.execute(query).fetchall())
    apart = ("procrastinate", "demand_kind")  # the queue's own, and what a migration filled
    return [name for name in names if not name.startswith(apart) and "migration" not in name]


def _wait_until_well(site: Site) -> None:
    """The broker's subscription stands a moment after the port."""
    deadline = time.monotonic() + _WAIT_S
    with site.visitor() as client:
        while client.get("/health").status_code != 200:
            assert time.monotonic() < deadline, "the site did not become well"
            time.sleep(0.05)
