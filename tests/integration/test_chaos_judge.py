"""The judge of the chaos trial has to find what is wrong: a row taken out, a row doubled, a call left open."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from protocols.reading import CANONICAL_UNIT, Metric, Reading
from tests.system.chaos.desk import Shown
from tests.system.chaos.judge import judge
from tests.system.chaos.ledger import CALL as KIND
from tests.system.chaos.ledger import Handed, Ledger

pytestmark = pytest.mark.integration

GATEWAY, METER, SENSOR = "gw-1", "serial:meter-1", "ble:C0:FF:EE:00:01:03"
AT = datetime(2026, 11, 20, 8, 0)
CALL = "6b1c4a5e-0000-4000-8000-000000000001"


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Three records of a meter, two values of a sensor, one call that was closed."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO region (code, name, level) VALUES ('1', 'r', 'province')")
        connection.execute("INSERT INTO home (code, region_id, address) SELECT 'home-1', region_id, '-' FROM region")
        connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT %s, home_id FROM home", (GATEWAY,))
        for name, kind in ((METER, "glucometer"), (SENSOR, "shower_sensor")):
            connection.execute("INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, %s)", (GATEWAY, name, kind))
        for place in range(3):
            add_row(connection, METER, "glucose", 100.0 + place, AT + timedelta(hours=place), key=place)
        for place in range(2):
            add_row(connection, SENSOR, "humidity", 40.0, None, key=place, minute=place)
        connection.execute(
            "INSERT INTO alarm (alarm_id, gateway_id, kind, device, raised_at, heard_at, state) "
            "VALUES (%s, %s, %s, 'b', now(), now(), 'closed')",
            (CALL, GATEWAY, KIND),
        )
        connection.execute(
            "INSERT INTO alarm_event (alarm_id, state, at, told_home_at) VALUES (%s, 'closed', now(), now())", (CALL,)
        )
        yield connection


@pytest.fixture
def ledger() -> Ledger:
    """What was handed over of all that."""
    ledger = Ledger()
    ledger.meters[GATEWAY, METER] = {
        AT + timedelta(hours=place): Handed(100.0 + place, time.time()) for place in range(3)
    }
    ledger.sensor_told(GATEWAY, SENSOR, [sensor_value(minute) for minute in range(2)])
    ledger.called(CALL, GATEWAY, time.time())
    return ledger


@pytest.fixture
def shown() -> dict[str, Shown]:
    """What the desk saw."""
    seen = Shown("home-1", KIND, time.time())
    seen.announced = [1]
    return {CALL: seen}


def sensor_value(minute: int) -> Reading:
    at = datetime(2026, 11, 20, 9, minute, tzinfo=UTC)
    unit = CANONICAL_UNIT[Metric.HUMIDITY]
    return Reading(device=SENSOR, metric=Metric.HUMIDITY, value=40.0, unit=unit, measured_at=at, received_at=at)


def add_row(
    connection: psycopg.Connection[tuple[Any, ...]],
    device: str,
    metric: str,
    value: float,
    device_time: datetime | None,
    *,
    key: int,
    minute: int = 0,
) -> None:
    at = datetime(2026, 11, 20, 9, minute, tzinfo=UTC) + timedelta(seconds=key if device_time else 0)
    connection.execute(
        "INSERT INTO reading (device_id, metric, record_key, measured_at, value, device_time, received_at, gateway_id, "
        "epoch, outbox_number) SELECT device_id, %s, %s, %s, %s, %s, now(), gateway_id, 1, %s FROM device "
        "WHERE name = %s",
        (metric, key, at, value, device_time, key, device),
    )


def test_what_is_all_there_is_all_there(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger, shown: dict[str, Shown]
) -> None:
    verdict = judge(connection, ledger, shown)
    assert (verdict.handed_over, verdict.stored, verdict.lost, verdict.doubled) == (5, 5, [], [])
    assert (verdict.alarms_pressed, verdict.alarms_shown_once, verdict.alarms_lost) == (1, 1, [])


def test_a_row_taken_out_is_lost_and_named(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger, shown: dict[str, Shown]
) -> None:
    connection.execute("DELETE FROM reading WHERE value IN (101.0) OR measured_at = '2026-11-20 09:01:00+00'")
    verdict = judge(connection, ledger, shown)
    assert [what for what, _ in verdict.lost] == [
        f"{GATEWAY} {METER} 101 of 2026-11-20 09:00:00",
        f"{GATEWAY} {SENSOR} 40 of 2026-11-20 09:01:00+00:00",
    ]
    assert verdict.stored == 3


def test_another_value_under_the_same_time_is_no_substitute(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger, shown: dict[str, Shown]
) -> None:
    connection.execute("UPDATE reading SET value = 250 WHERE value = 101")
    assert len(judge(connection, ledger, shown).lost) == 1


def test_a_second_row_of_one_record_is_doubled(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger, shown: dict[str, Shown]
) -> None:
    add_row(connection, METER, "glucose", 101.0, AT + timedelta(hours=1), key=99)
    verdict = judge(connection, ledger, shown)
    assert len(verdict.doubled) == 1
    assert (verdict.stored, verdict.lost) == (4, [])


def test_calls_that_were_not_shown_not_closed_or_never_heard_are_lost(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger, shown: dict[str, Shown]
) -> None:
    assert "never shown" in judge(connection, ledger, {}).alarms_lost[0][0]
    ledger.never_heard.append((GATEWAY, time.time()))
    assert "nobody took it" in judge(connection, ledger, shown).alarms_lost[0][0]
    connection.execute("UPDATE alarm SET state = 'at_centre'")
    assert "in the database at_centre" in judge(connection, ledger, shown).alarms_lost[0][0]
    connection.execute("UPDATE alarm SET state = 'closed'")
    connection.execute("INSERT INTO alarm_event (alarm_id, state, at) VALUES (%s, 'closed', now())", (CALL,))
    assert "never told to the home" in judge(connection, ledger, shown).alarms_lost[0][0]
    connection.execute("UPDATE alarm_event SET told_home_at = now()")
    assert "closed 2 times" in judge(connection, ledger, shown).alarms_doubled[0]
    shown[CALL].announced = [1, 2]  # another page, another announcement
    assert not any("as new" in what for what in judge(connection, ledger, shown).alarms_doubled)
    shown[CALL].announced = [1, 1]
    assert any("as new twice" in what for what in judge(connection, ledger, shown).alarms_doubled)
