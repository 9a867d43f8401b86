"""The schema, brought to the newest version: our own files and the job queue's, each applied once.

`NNNN_name.sql` is followed by `NNNN_name.timescale.sql` on a server with TimescaleDB and by `NNNN_name.plain.sql`
elsewhere; both make the same names. A file is applied in one transaction together with its row in `schema_version`,
so that a broken migration leaves nothing. (TimescaleDB makes a continuous aggregate in a transaction as long as it is
made WITH NO DATA; its policy fills it afterwards.)
"""

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg
import structlog
from procrastinate.schema import SchemaManager

from cloud.db.grants import grant
from cloud.db.pool import connection_settings
from cloud.errors import CloudError

log = structlog.get_logger()

_LOCK = 0x0D00_0257  # any number of our own: one process migrates at a time
_JOBS = "procrastinate/"
_STATEMENT_TIMEOUT_S = 3600

Connection = psycopg.Connection[tuple[Any, ...]]


class MigrationRefused(CloudError):
    """The database is not what the files say it should be; the message says what to do."""


@dataclass(frozen=True)
class Migrated:
    applied: tuple[str, ...]
    """Names of the files applied just now."""
    timescale: bool
    """Whether the readings lie in a hypertable."""


def migrate(dsn: str, *, timescale: bool | None = None) -> Migrated:
    """Brings the database to the newest version; does nothing when it is there. Safe to call from many processes.

    `timescale` None takes TimescaleDB where the server has it loaded. A database keeps the kind it began with.
    Raises MigrationRefused, RoleMissing, and DatabaseAway where the server does not answer.
    """
    settings = connection_settings("migrate", statement_timeout_s=_STATEMENT_TIMEOUT_S)
    with psycopg.connect(dsn, autocommit=True, **settings) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version ("
            "name text PRIMARY KEY, digest bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = dict(connection.execute("SELECT name, digest FROM schema_version").fetchall())
        with_timescale = _choose_kind(connection, done, timescale)
        applied = [
            *_apply_own(connection, done, "timescale" if with_timescale else "plain"),
            *_apply_job_queue(connection, done),
        ]
        if applied:
            grant(connection)
        return Migrated(tuple(applied), with_timescale)


def migration_names() -> list[str]:
    """Names of all migrations of ours that this version knows, of both kinds of server."""
    return [file.name for file in _sorted_files(resources.files("cloud.db") / "migrations")]


def _choose_kind(connection: Connection, done: dict[str, bytes], wanted: bool | None) -> bool:
    if any(name.endswith(".plain.sql") for name in done):
        if wanted:
            raise MigrationRefused(
                "this database was begun without TimescaleDB; dump its data, make a new database on the server "
                "with TimescaleDB, run `doorstep-cloud migrate` there and load the data"
            )
        return False
    loaded = _timescale_is_loaded(connection)
    if not loaded and (wanted or any(name.endswith(".timescale.sql") for name in done)):
        raise MigrationRefused("the server has no TimescaleDB loaded; add it to shared_preload_libraries and restart")
    if loaded and wanted is not False:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        return True
    return False


def _timescale_is_loaded(connection: Connection) -> bool:
    row = connection.execute(
        "SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%' "
        "AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"
    ).fetchone()
    return row is not None and bool(row[0])


def _apply_own(connection: Connection, done: dict[str, bytes], kind: str) -> list[str]:
    folder = resources.files("cloud.db") / "migrations"
    applied = []
    for file in _sorted_files(folder):
        variant = file.name.removesuffix(".sql").partition(".")[2]
        if variant not in ("", kind):
            continue
        text = file.read_text(encoding="utf-8")
        digest = hashlib.sha256(text.encode()).digest()
        if file.name in done:
            if done[file.name] != digest:
                raise MigrationRefused(
                    f"{file.name} was changed after it was applied to this database; "
                    f"a released migration stays as it is, so put the change into a new file, "
                    f"or drop a database that holds nothing of worth"
                )
            continue
        _apply(connection, file.name, text, digest)
        applied.append(file.name)
    return applied


def _apply_job_queue(connection: Connection, done: dict[str, bytes]) -> list[str]:
    """The tables of procrastinate: whole on a new database, its own numbered migrations afterwards."""
    folder = resources.files("procrastinate.sql") / "migrations"
    missing = [
        (f"{_JOBS}{file.name}", file.read_text(encoding="utf-8"))
        for file in _sorted_files(folder)
        if f"{_JOBS}{file.name}" not in done
    ]
    if not missing:
        return []
    with connection.transaction():
        if any(name.startswith(_JOBS) for name in done):
            for _, text in missing:
                connection.execute(text.encode())
        else:
            connection.execute(SchemaManager.get_schema().encode())
        for name, text in missing:
            _record(connection, name, hashlib.sha256(text.encode()).digest())
    log.info("migrated", file="procrastinate", steps=len(missing))
    return [name for name, _ in missing]


def _apply(connection: Connection, name: str, text: str, digest: bytes) -> None:
    with connection.transaction():
        connection.execute(text.encode())
        _record(connection, name, digest)
    log.info("migrated", file=name)


def _record(connection: Connection, name: str, digest: bytes) -> None:
    connection.execute("INSERT INTO schema_version (name, digest) VALUES (%s, %s)", (name, digest))


def _sorted_files(folder: Traversable) -> list[Traversable]:
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    # `0001_house.sql` before `0001_house.plain.sql`, which stands on its tables
    return sorted(files, key=lambda file: file.name.removesuffix(".sql"))
