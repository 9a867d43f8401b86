"""A filled database into a file and out of it again, compared table by table."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from cloud.cli import app
from cloud.db.backup import BackupRefused, back_up, read_about
from cloud.db.generation import generation_of
from cloud.db.restore import restore
from cloud.local.postgres_programs import ProgramMissing, program
from cloud.readings import store
from tests.integration.test_ingest_store import NOW, create_delivery, create_record, populate, wear
from tests.integration.test_ingest_worker import until

pytestmark = pytest.mark.integration


@pytest.fixture
def filled(any_database: str) -> str:
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        wear(connection, "ble:C0:FF:EE:00:01:02", "elder-1")
        records = [create_record(number) for number in range(1, 300)]
        store.store_deliveries(connection, [create_delivery(*records)], NOW)
        store.bury(connection, "nowhere", b"\x00\xff\n", "x")
        connection.execute(
            "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, "
            "gateway_id, epoch, outbox_number) SELECT 1, 'glucose', n, TIMESTAMPTZ '2025-03-01Z' + n * INTERVAL '3 h', "
            "100 + n / 4.0, 1, now(), 'gw-1', 1, n FROM generate_series(1, 900) n"
        )
        connection.execute("UPDATE elder SET name = '林桂珍' WHERE code = 'elder-1'")
        _settle_figures(connection)
    return any_database


def _settle_figures(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """TimescaleDB's own jobs change what the views of figures show while they run; here they are done, and stopped."""
    if connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None:
        return
    connection.execute(
        "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs "
        "WHERE proc_name = 'policy_refresh_continuous_aggregate'"
    )
    for view in ("reading_hourly_live", "reading_daily_live"):
        until(partial(_refreshed, connection, view))


def _refreshed(connection: psycopg.Connection[tuple[Any, ...]], view: str) -> bool:
    try:
        connection.execute("CALL refresh_continuous_aggregate(%s, NULL, NULL)", (view,))
    except psycopg.errors.LockNotAvailable:  # a job that had begun is still at it
        return False
    return True


@pytest.fixture
def empty(filled: str) -> Iterator[str]:
    """An empty database on the server of `filled`."""
    name = f"restored_{os.getpid()}"
    server = make_conninfo(filled, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield make_conninfo(filled, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def everything(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables and views, and where the sequences stand; but which copy it is."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname = 'public' AND relkind IN ('r', 'v') AND NOT EXISTS "
            "(SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') "
            "AND relname <> 'store_generation' ORDER BY relname"
        ).fetchall()
        rows = {
            name: connection.execute(
                sql.SQL("SELECT ROW(t.*)::text FROM {} t ORDER BY 1").format(sql.Identifier(name))
            ).fetchall()
            for (name,) in names
        }
        rows["pg_sequences"] = connection.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return rows


def test_every_table_comes_back(filled: str, empty: str, tmp_path: Path) -> None:
    file = tmp_path / "centre.doorstep"
    made = back_up(filled, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert restore(empty, file) == made
    before, after = everything(filled), everything(empty)
    assert before.keys() == after.keys()
    assert len(before) > 25
    different = {
        name: (set(before[name]) - set(after[name]), set(after[name]) - set(before[name]))
        for name in before
        if before[name] != after[name]
    }
    assert different == {}
    assert len(after["reading"]) == 299 + 900
    assert len(after["reading_daily"]) > 100
    with psycopg.connect(filled) as old, psycopg.connect(empty) as new:
        assert generation_of(new) > generation_of(old)
    with psycopg.connect(empty, autocommit=True) as connection:  # and the centre works on it
        stored = store.store_deliveries(
            connection, [create_delivery(create_record(299), create_record(300), first=299)], NOW
        )
    assert (stored.readings, stored.duplicates) == (1, 1)


def test_a_restored_hypertable_is_one(filled: str, empty: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    about = back_up(filled, tmp_path / "centre.doorstep")
    if about.timescaledb is None:
        assert request.node.callspec.params["any_database"] == "plain"
        return
    restore(empty, tmp_path / "centre.doorstep")
    counts = (
        "SELECT (SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'reading'), "
        "(SELECT count(*) FROM {})"
    )
    jobs = "timescaledb_information.jobs WHERE hypertable_name IS NOT NULL"
    with psycopg.connect(filled) as one, psycopg.connect(empty) as other:
        query = counts.format(jobs).encode()
        expected = one.execute(query).fetchone()
        assert other.execute(query).fetchone() == expected
        assert expected is not None
        assert expected[0] > 10


def test_a_target_that_is_not_empty_is_refused(filled: str, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "a")
    with pytest.raises(BackupRefused, match=r"is not empty \(\d+ tables and views, public\.\w+ first\)"):
        restore(filled, tmp_path / "a")


def test_a_damaged_file_is_refused_before_anything_is_written(database: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    back_up(database, file)
    with pytest.raises(BackupRefused, match="is there already"):
        back_up(database, file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    with pytest.raises(BackupRefused, match="last line cannot be read"):
        restore(database, file)
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupRefused, match="no whole back-up"):
        restore(database, file)
    file.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(BackupRefused, match="was changed since it was made"):
        read_about(file)


def test_a_file_of_a_newer_doorstep_is_refused(database: str, bare_database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO schema_version (name, digest) VALUES ('9999_future.sql', '')")
    back_up(database, tmp_path / "a")
    with pytest.raises(BackupRefused, match=r"newer Doorstep \(9999_future\.sql"):
        restore(bare_database, tmp_path / "a")


def test_a_strange_database_is_not_backed_up(bare_database: str, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="nothing of Doorstep"):
        back_up(bare_database, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_pg_restore_reads_the_file_by_itself(database: str, tmp_path: Path) -> None:
    back_up(database, tmp_path / "a")
    listing = subprocess.run(
        [program("pg_restore", 18), "--list", tmp_path / "a"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "TABLE DATA public reading " in listing.stdout


def test_a_program_that_fits_is_asked_for() -> None:
    with pytest.raises(ProgramMissing, match="install postgresql-client-99"):
        program("pg_dump", 99)


def test_the_two_commands(database: str, bare_database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)

    def run(command: str, dsn: str) -> tuple[int, str]:
        config = tmp_path / "cloud.toml"
        config.write_text(f'[database]\ndsn = "{dsn}"\n', encoding="utf-8")
        done = CliRunner().invoke(app, [command, str(tmp_path / "a"), "--config", str(config)])
        return done.exit_code, done.output

    assert run("backup", database)[0] == 0
    assert run("restore", bare_database)[0] == 0
    assert everything(bare_database) == everything(database)
    code, text = run("restore", bare_database)
    assert code == 1
    assert "is not empty" in text
