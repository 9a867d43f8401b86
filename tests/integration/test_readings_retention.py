"""Old environment values leave the rows and stay in the figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cloud.config import Retention
from cloud.readings.retention.store import thin

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = {metric.value: days for metric, days in Retention().days.items()}


def fill(connection: psycopg.Connection[Any], metric: str, first: int, last: int) -> None:
    connection.execute(
        "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, gateway_id, "
        "epoch, outbox_number) SELECT 1, %s, n, TIMESTAMPTZ '2024-10-01Z' + n * INTERVAL '7 h', n / 4.0, "
        "CASE WHEN n %% 2 = 0 THEN 7 END, now(), 'gw', 1, n FROM generate_series(%s::int, %s) n",
        (metric, first, last),
    )


def figures(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return [
        row
        for view in (b"reading_hourly", b"reading_daily")
        for row in connection.execute(b"SELECT ROW(v.*)::text FROM " + view + b" v ORDER BY 1").fetchall()
    ]


def test_rows_go_and_figures_stay(any_database: str) -> None:
    with psycopg.connect(any_database, autocommit=True) as connection:
        for metric in ("humidity", "systolic"):
            fill(connection, metric, 1, 1700)
        before = figures(connection)
        gone = list(thin(connection, DAYS, NOW))
        assert {metric for metric, _, _ in gone} == {"humidity"}
        assert all(week + timedelta(days=7) <= NOW - timedelta(days=400) for _, week, _ in gone)
        assert figures(connection) == before
        left: dict[str, int] = dict(
            connection.execute("SELECT metric, count(*) FROM reading GROUP BY metric").fetchall()
        )
        assert left == {"humidity": 1700 - sum(rows for _, _, rows in gone), "systolic": 1700}
        assert left["humidity"] < 1500
        assert list(thin(connection, DAYS, NOW)) == []

        # One that comes late for a thinned day joins its figures at the next turn.
        fill(connection, "humidity", 0, 0)
        assert [rows for _, _, rows in thin(connection, DAYS, NOW)] == [1]
        row = connection.execute("SELECT sum(count) FROM reading_daily WHERE metric = 'humidity'").fetchone()
        assert row == (1701,)


def test_one_process_thins_at_a_time(database: str) -> None:
    with (
        psycopg.connect(database, autocommit=True) as one,
        psycopg.connect(database, autocommit=True) as other,
    ):
        fill(one, "humidity", 1, 100)
        turns = thin(one, DAYS, NOW)
        next(turns)
        assert list(thin(other, DAYS, NOW)) == []
        turns.close()
        assert len(list(thin(other, DAYS, NOW))) > 0
