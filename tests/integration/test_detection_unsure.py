"""A severe value of a shared cuff that is nobody's for sure: from its delivery to the home's alert, and to its end."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cloud.config import CloudConfig, Database, Detection
from cloud.db.pool import AsyncConnection
from cloud.detection.limits import Limits, load_limits
from cloud.detection.unsure.look import look_at_next_record
from cloud.detection.worker import work
from cloud.readings import store
from cloud.readings.ruling.command import say_whose
from cloud.readings.ruling.model import Ruling
from protocols.reading import Flag
from tests.cloud.detection.conftest import LIMITS
from tests.integration.stage import running
from tests.integration.test_ingest_store import populate
from tests.integration.test_readings_sharing import create_delivery, create_pressure, share

pytestmark = pytest.mark.integration

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=20)
ALERTS = (
    "SELECT priority, state, reasons -> 0 ->> 'rule', reasons -> 0 -> 'value' FROM unsure_alert ORDER BY measured_at"
)


@pytest.fixture
def connection(any_database: str) -> Iterator[store.Connection]:
    """Two elders who share a cuff; a person is asked each time."""
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        connection.execute(
            "INSERT INTO staff (login, name, role, region_id, password_hash) "
            "SELECT 'nurse', 'Chen', 'nurse', region_id, 'x' FROM region"
        )
        share(connection, "ask")
        yield connection


@pytest.fixture(scope="module")
def limits() -> Limits:
    return load_limits(LIMITS)


def deliver(connection: store.Connection, number: int, systolic: float, *, first: int = 1, **changes: Any) -> None:
    readings = create_pressure(number, systolic, 96, at=AT, **changes)
    store.store_deliveries(connection, [create_delivery(*readings, first=first)], LATER)


def look(connection: store.Connection, limits: Limits) -> int:
    looked = 0
    while look_at_next_record(connection, limits, LATER):
        looked += 1
    return looked


def alerts(connection: store.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(ALERTS).fetchall()


def act_of(connection: store.Connection, systolic: float) -> tuple[int, int]:
    row = connection.execute("SELECT device_id, record_key FROM reading WHERE value = %s", (systolic,)).fetchone()
    assert row is not None
    return row[0], row[1]


async def say(dsn: str, act: tuple[int, int], elder: str | None) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await _say(connection, act, elder)


async def _say(connection: AsyncConnection, act: tuple[int, int], elder: str | None) -> None:
    cursor = await connection.execute(
        "SELECT (SELECT elder_id FROM elder WHERE code = %s), (SELECT staff_id FROM staff), "
        "(SELECT coalesce(max(ruling_id), 0) FROM ruling WHERE device_id = %s AND record_key = %s)",
        (elder, *act),
    )
    row = await cursor.fetchone()
    assert row is not None
    elder_id, staff_id, ruling_id = row
    await say_whose(connection, Ruling(*act, elder_id, staff_id, ruling_id), LATER)


async def test_it_stands_until_somebody_says_whose_it_was(connection: store.Connection, limits: Limits) -> None:
    deliver(connection, 1, 184)
    deliver(connection, 2, 128, first=10)
    assert look(connection, limits) == 2
    assert alerts(connection) == [("today", "open", "severe_pressure", 184.0)]
    deliver(connection, 8, 190, first=20)
    assert look(connection, limits) == 1
    assert alerts(connection) == [
        ("today", "open", "severe_pressure", 184.0),
        ("now", "open", "severe_pressure_repeated", 190.0),
    ]
    assert connection.execute("SELECT count(*) FROM detection_due").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM alert").fetchone() == (0,)

    await say(connection.info.dsn, act_of(connection, 184), "elder-2")
    await say(connection.info.dsn, act_of(connection, 190), None)
    assert {state for _, state, _, _ in alerts(connection)} == {"closed"}
    due = connection.execute("SELECT code FROM detection_due JOIN elder USING (elder_id)").fetchall()
    assert due == [("elder-2",)]  # and now it is an alert of theirs


async def test_replays_raise_and_open_nothing_again(connection: store.Connection, limits: Limits) -> None:
    for first in (1, 11, 21):
        deliver(connection, 1, 184, first=first)
        look(connection, limits)
    before = connection.execute("SELECT * FROM unsure_alert").fetchall()
    assert len(before) == 1
    await say(connection.info.dsn, act_of(connection, 184), None)
    closed = connection.execute("SELECT * FROM unsure_alert").fetchall()
    deliver(connection, 1, 184, first=31)
    look(connection, limits)
    assert connection.execute("SELECT * FROM unsure_alert").fetchall() == closed
    assert connection.execute("SELECT count(*) FROM unsure_due").fetchone() == (0,)


def test_values_that_come_in_two_messages_are_one_alert(connection: store.Connection, limits: Limits) -> None:
    systolic, diastolic = create_pressure(1, 184, 118, at=AT)
    for first, reading in ((1, diastolic), (2, systolic)):
        store.store_deliveries(connection, [create_delivery(reading, first=first)], LATER)
        look(connection, limits)
    assert alerts(connection) == [("today", "open", "severe_pressure", 184.0)]


@pytest.mark.parametrize(
    "changes", [{"at": AT - timedelta(days=4)}, {"flags": (Flag.BODY_MOVED,)}, {"user_slot": None, "systolic": 150}]
)
def test_old_doubtful_and_mild_ones_raise_nothing(
    connection: store.Connection, limits: Limits, changes: dict[str, Any]
) -> None:
    values = {"systolic": 184.0, "at": AT, **changes}
    readings = create_pressure(1, diastolic=96, **values)
    store.store_deliveries(connection, [create_delivery(*readings)], LATER)
    assert look(connection, limits) == 1
    assert alerts(connection) == []


def test_a_number_that_nobody_registered_is_asked_about_too(connection: store.Connection, limits: Limits) -> None:
    connection.execute(
        "UPDATE wearer SET user_slot = (SELECT count(*) FROM elder e WHERE e.elder_id < wearer.elder_id)"
    )
    deliver(connection, 1, 184, user_slot=7)
    deliver(connection, 2, 185, first=10, user_slot=0)
    assert look(connection, limits) == 1
    assert alerts(connection) == [("today", "open", "severe_pressure", 184.0)]


async def test_a_look_that_is_under_way_is_waited_for(connection: store.Connection, limits: Limits) -> None:
    """Whoever says whose it was while detection looks closes what that look raises."""
    deliver(connection, 1, 184)
    act = act_of(connection, 184)
    dsn = connection.info.dsn
    with psycopg.connect(dsn) as looking:
        assert look_at_next_record(looking, limits, LATER)  # not committed: the connection has an open transaction
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as saying:
            done = threading.Event()

            def commit_once_waited_for() -> None:
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
                while connection.execute(waiting, (saying.info.backend_pid,)).fetchone() != (1,):
                    if done.wait(0.02):
                        return
                looking.commit()

            thread = threading.Thread(target=commit_once_waited_for, daemon=True)
            thread.start()
            await _say(saying, act, "elder-1")
            done.set()
            thread.join(10)
    assert alerts(connection) == [("today", "closed", "severe_pressure", 184.0)]


def test_the_running_detector_is_woken(connection: store.Connection) -> None:
    config = CloudConfig(
        database=Database(dsn=connection.info.dsn),
        detection=Detection(limits="limits.toml", poll_s=60),
        base=str(LIMITS.parent),
    )
    now = datetime.now(UTC)
    readings = create_pressure(0, 184, 96, at=now - timedelta(minutes=2))
    with (
        running(lambda process: work(process, load_limits(LIMITS)), config, "detect") as process,
        psycopg.connect(connection.info.dsn, autocommit=True) as listening,
    ):
        listening.execute("LISTEN doorstep_severe")
        process.wait_until("database")
        store.store_deliveries(connection, [create_delivery(*readings)], now)
        heard = [notice.payload for notice in listening.notifies(timeout=20, stop_after=1)]
    assert heard == ["gw-1"]
    assert alerts(connection) == [("today", "open", "severe_pressure", 184.0)]
