"""A row that comes late is in the figures of its hour and day: at once, or after the next turn of their policy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.integration

LATE = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
"""In a week that was compressed and materialized long ago."""
Connection = psycopg.Connection[Any]


def store(connection: Connection, at: datetime, value: float, number: int) -> None:
    """As ingest does, by COPY."""
    columns = (
        "device_id, metric, record_key, measured_at, value, elder_id, received_at, gateway_id, epoch, outbox_number"
    )
    with connection.cursor().copy(f"COPY reading ({columns}) FROM STDIN") as copy:
        copy.write_row((1, "pulse", number, at, value, 7, at, "gw", 1, number))


def figures(connection: Connection, at: datetime) -> list[tuple[Any, ...]]:
    """Count, mean, lowest and highest of the hour and of the day of `at`."""
    return [
        row
        for name, width in (("hourly", "1 hour"), ("daily", "1 day"))
        for row in connection.execute(
            f"SELECT count, mean, low, high FROM reading_{name} WHERE elder_id = 7 AND metric = 'pulse' "
            "AND bucket = date_bin(%s, %s, TIMESTAMPTZ '2000-01-03Z')",
            (width, at),
        )
    ]


def has_timescale(connection: Connection) -> bool:
    return connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None


def run_policies(connection: Connection, kind: str) -> None:
    """What the server's own workers do by the clock."""
    jobs = connection.execute("SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = %s", (kind,))
    for (job,) in jobs.fetchall():
        connection.execute("CALL run_job(%s)", (job,))


def test_a_late_row_reaches_its_hour_and_its_day(any_database: str) -> None:
    with psycopg.connect(any_database, autocommit=True) as connection:
        for day in range(3):
            store(connection, LATE + timedelta(days=day), 70.0, day + 1)
        store(connection, datetime.now(UTC), 70.0, 9)
        timescale = has_timescale(connection)
        if timescale:
            run_policies(connection, "policy_refresh_continuous_aggregate")
            run_policies(connection, "policy_compression")
            row = connection.execute(
                "SELECT count(*) FROM timescaledb_information.chunks "
                "WHERE is_compressed AND hypertable_name = 'reading'"
            ).fetchone()
            assert row is not None
            assert row[0] > 0
        assert figures(connection, LATE) == [(1, 70.0, 70.0, 70.0)] * 2

        store(connection, LATE + timedelta(minutes=9), 90.0, 4)
        if timescale:
            run_policies(connection, "policy_refresh_continuous_aggregate")
        assert figures(connection, LATE) == [(2, 80.0, 70.0, 90.0)] * 2
        assert figures(connection, LATE + timedelta(days=1)) == [(1, 70.0, 70.0, 70.0)] * 2

        if timescale:  # nothing is lost either when the late row joins its compressed chunk
            run_policies(connection, "policy_compression")
            run_policies(connection, "policy_refresh_continuous_aggregate")
            assert figures(connection, LATE) == [(2, 80.0, 70.0, 90.0)] * 2


def test_no_row_is_too_late_for_the_policies(timescale_database: str) -> None:
    """A policy that began some days ago would leave older rows out of their figures for ever."""
    with psycopg.connect(timescale_database) as connection:
        rows = connection.execute(
            "SELECT config->>'start_offset', schedule_interval FROM timescaledb_information.jobs "
            "WHERE proc_name = 'policy_refresh_continuous_aggregate'"
        ).fetchall()
    assert len(rows) == 2
    assert all(start is None and every <= timedelta(hours=1) for start, every in rows)
