"""A back-up into an empty database. Nothing is written before everything that can be known was checked."""

from pathlib import Path
from typing import Any

import psycopg

from cloud.db.backup import About, BackupRefused, read_about, run_tool, server_of
from cloud.db.generation import begin_generation
from cloud.db.grants import grant
from cloud.db.migrate import migration_names
from cloud.db.pool import connection_settings
from cloud.local.postgres_programs import program

_ANALYZE_TIMEOUT_S = 3600
# Whatever a person or an extension other than TimescaleDB put there; TimescaleDB alone is an empty database.
_CONTENT = """
SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  AND nspname NOT IN ('_timescaledb_internal', '_timescaledb_catalog', '_timescaledb_config', '_timescaledb_cache')
ORDER BY 1
"""

Connection = psycopg.Connection[tuple[Any, ...]]


def restore(dsn: str, file: Path) -> About:
    """Restores `file` into the database of `dsn`, which must be empty; its rows and figures are then those of `file`.

    Raises BackupRefused (the file is damaged, the target is not empty or cannot hold it, or pg_restore failed),
    ProgramMissing, RoleMissing, DatabaseAway and OSError.
    """
    about = read_about(file)
    newer = sorted(set(about.migrations) - set(migration_names()))
    if newer:
        raise BackupRefused(f"{file} was made by a newer Doorstep ({newer[0]} is not known here); install that one")
    settings = connection_settings("restore", statement_timeout_s=_ANALYZE_TIMEOUT_S)
    with psycopg.connect(dsn, autocommit=True, **settings) as connection:
        postgres = server_of(connection)
        _check_target(connection, about, file)
        if about.timescaledb is not None:
            _make_timescaledb(connection, about.timescaledb, file)
    # Anew, because the extension looks at its own state when a connection begins.
    with psycopg.connect(dsn, autocommit=True, **settings) as connection:
        if about.timescaledb is not None:
            connection.execute("SELECT timescaledb_pre_restore()")
        try:
            command = [str(program("pg_restore", postgres)), "--exit-on-error", "--no-owner", "--no-privileges"]
            run_tool([*command, str(file)], dsn)
        except BackupRefused as error:
            raise BackupRefused(f"{error}; the database is half filled now: drop it, and restore into a new one") from (
                error
            )
        finally:
            if about.timescaledb is not None:
                connection.execute("SELECT timescaledb_post_restore()")
        connection.execute("ANALYZE")
        if "0018_row_level_security.sql" in about.migrations:
            grant(connection)  # the others get theirs when they are migrated
        begin_generation(connection)  # gateways send again what they delivered after the back-up
    return about


def _check_target(connection: Connection, about: About, file: Path) -> None:
    postgres = server_of(connection)
    if postgres < about.postgres:
        raise BackupRefused(
            f"{file} comes from PostgreSQL {about.postgres} and this server is {postgres}; "
            f"restore into version {about.postgres} or newer"
        )
    found = [name for (name,) in connection.execute(_CONTENT).fetchall()]
    if found:
        raise BackupRefused(
            f"the database {connection.info.dbname} is not empty ({len(found)} tables and views, {found[0]} first); "
            f"name an empty one by DOORSTEP_DSN, or a new folder by --data"
        )


def _make_timescaledb(connection: Connection, version: str, file: Path) -> None:
    """The extension in the very version of the back-up: its catalog is restored as it was."""
    loaded = connection.execute(
        "SELECT current_setting('shared_preload_libraries') LIKE '%%timescaledb%%' AND EXISTS "
        "(SELECT FROM pg_available_extension_versions WHERE name = 'timescaledb' AND version = %s)",
        (version,),
    ).fetchone()
    if loaded != (True,):
        raise BackupRefused(
            f"{file} comes from a server with TimescaleDB {version}, and this one does not have it loaded; "
            f"restore into a server with that version"
        )
    connection.execute(
        psycopg.sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}").format(psycopg.sql.Literal(version))
    )
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    if row != (version,):
        raise BackupRefused(
            f"{file} comes from TimescaleDB {version}, and this database has {row and row[0]} already; "
            f"restore into a database made anew"
        )
