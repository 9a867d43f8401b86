"""The migrations on a real server."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from cloud.db import names
from cloud.db.listen import Listener, Wake, listen
from cloud.db.migrate import MigrationRefused, migrate

pytestmark = pytest.mark.integration


def test_a_bare_database_gets_everything_and_the_second_time_nothing(bare_database: str) -> None:
    first = migrate(bare_database)
    assert "0001_house.sql" in first.applied
    assert any(name.startswith("procrastinate/") for name in first.applied)
    assert migrate(bare_database).applied == ()
    with psycopg.connect(bare_database) as connection:
        row = connection.execute(
            "SELECT to_regclass('reading'), to_regclass('reading_hourly'), to_regclass('reading_daily'), "
            "to_regclass('visit'), to_regclass('procrastinate_jobs')"
        ).fetchone()
    assert row == ("reading", "reading_hourly", "reading_daily", "visit", "procrastinate_jobs")


def test_many_processes_may_migrate_at_once(bare_database: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        applied = [done.applied for done in threads.map(migrate, [bare_database] * 3)]
    assert sorted(len(names) > 0 for names in applied) == [False, False, True]


def test_a_changed_file_is_refused_in_a_sentence(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE schema_version SET digest = 'x' WHERE name = '0001_house.sql'")
    with pytest.raises(MigrationRefused, match=r"0001_house\.sql was changed after it was applied"):
        migrate(database)


def test_a_plain_database_does_not_become_a_hypertable(database: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM schema_version WHERE name LIKE '%.plain.sql'").fetchone()
    if row != (1,):
        pytest.skip("this server has TimescaleDB")
    with pytest.raises(MigrationRefused, match="begun without TimescaleDB"):
        migrate(database, timescale=True)


def test_daily_view_counts_by_utc_day(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, "
            "gateway_id, epoch, outbox_number) "
            "SELECT 1, 'glucose', n, TIMESTAMPTZ '2026-03-01 23:30Z' + n * INTERVAL '1 hour', "
            "100 + n, 7, now(), 'gw', 1, n FROM generate_series(0, 2) n"
        )
        rows = connection.execute("SELECT count, mean FROM reading_daily WHERE elder_id = 7 ORDER BY bucket").fetchall()
    assert rows == [(1, 100.0), (2, 101.5)]


def test_listener_wakes_and_survives_a_cut_connection(database: str) -> None:
    stop = threading.Event()
    with Listener(database, [names.ALERT], "test") as listener:
        assert listener.wait(5, stop) == []  # a new connection: look anyway
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(names.NOTIFY, (names.ALERT, "42"))
            assert listener.wait(5, stop) == [Wake(names.ALERT, "42")]
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doorstep-test-listen'"
            )
            assert listener.wait(0.1, stop) == []
            assert listener.wait(5, stop) == []  # connected again
            connection.execute(names.NOTIFY, (names.ALERT, "43"))
            assert listener.wait(5, stop) == [Wake(names.ALERT, "43")]
        stop.set()
        assert listener.wait(60, stop) == []


async def test_async_listening_yields_what_is_notified(database: str) -> None:
    wakes = listen(database, [names.VISIT, names.ALARM], "test", idle_s=5)
    assert await anext(wakes) == []
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(names.NOTIFY, (names.VISIT, "7"))
    assert await anext(wakes) == [Wake(names.VISIT, "7")]
    await wakes.aclose()  # type: ignore[attr-defined]  # an AsyncIterator by contract, a generator in truth
