"""A shared meter at the ingester: user numbers, rules, records that come in two halves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from cloud.readings import store
from cloud.readings.model import Delivery
from cloud.readings.opening import open_readings
from protocols.reading import CANONICAL_UNIT, Flag, Metric, Reading
from protocols.telemetry.messages import ReadingsMessage, encode
from protocols.telemetry.topics import READINGS, topic
from tests.integration.test_ingest_store import CUFF, NOW, SENSOR, populate

pytestmark = pytest.mark.integration

NOON = datetime(2026, 2, 28, 4, tzinfo=UTC)  # in Nanjing


@pytest.fixture
def connection(any_database: str) -> Iterator[store.Connection]:
    """Two elders who share a cuff and a bathroom, and whose normal is known."""
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        connection.execute(
            "INSERT INTO baseline (elder_id, metric, centre, low, high, count, computed_at) "
            "SELECT elder_id, metric, (low + high) / 2, low, high, 40, now() FROM elder JOIN (VALUES "
            "('elder-1', 'systolic', 138, 152), ('elder-1', 'diastolic', 74, 86), "
            "('elder-2', 'systolic', 108, 122), ('elder-2', 'diastolic', 64, 76)) AS band (code, metric, low, high) "
            "USING (code)"
        )
        yield connection


def share(
    connection: store.Connection, rule: str | None, *slots: int | None, usual: tuple[tuple[int, int], ...] = ()
) -> None:
    """The cuff is shared by elder-1 and elder-2, with these user numbers; `usual` minutes are one for each."""
    if rule is not None:
        connection.execute("INSERT INTO sharing SELECT device_id, %s FROM device WHERE name = %s", (rule, CUFF))
    for place, slot in enumerate(slots or (None, None)):
        minutes = Multirange([Range(*usual[place])]) if usual else Multirange[int]([])
        connection.execute(
            "INSERT INTO wearer (device_id, user_slot, elder_id, usual_minutes) "
            "SELECT device_id, %s, elder_id, %s::int4multirange FROM device, elder "
            "WHERE device.name = ANY(%s) AND elder.code = %s",
            (slot, minutes, [CUFF, SENSOR], f"elder-{place + 1}"),
        )


def create_pressure(
    number: int, systolic: float, diastolic: float, *, at: datetime = NOON, **changes: Any
) -> tuple[Reading, Reading]:
    both = tuple(
        Reading(
            device=CUFF,
            metric=metric,
            value=value,
            unit=CANONICAL_UNIT[metric],
            measured_at=at + timedelta(minutes=number),
            received_at=NOW,
            device_time=(at + timedelta(minutes=number, hours=8)).replace(tzinfo=None),
            sequence=number,
            **changes,
        )
        for metric, value in ((Metric.SYSTOLIC, systolic), (Metric.DIASTOLIC, diastolic))
    )
    return both[0], both[1]


def create_delivery(*readings: Reading, first: int = 1) -> Delivery:
    message = ReadingsMessage(epoch=5, first=first, sent_at=NOW, readings=readings)
    return open_readings(topic("gw-1", READINGS), encode(message), NOW)


def filed(connection: store.Connection) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for sequence, *rest in connection.execute(
        "SELECT sequence, code, wearer_why FROM reading LEFT JOIN elder USING (elder_id) WHERE sequence IS NOT NULL"
    ):
        found.setdefault(sequence, set()).add(tuple(rest))
    return found


def test_a_cuff_that_counts_its_users_from_zero(connection: store.Connection) -> None:
    share(connection, None, 0, 1)
    readings = [
        *create_pressure(1, 146, 80, user_slot=0),
        *create_pressure(2, 146, 80, user_slot=1),
        *create_pressure(3, 146, 80, user_slot=2),
        *create_pressure(4, 146, 80),
    ]
    store.store_deliveries(connection, [create_delivery(*readings)], NOW)
    assert filed(connection) == {
        1: {("elder-1", "user_slot")},
        2: {("elder-2", "user_slot")},
        3: {(None, "unknown_slot")},
        4: {(None, "ask")},
    }
    due = connection.execute("SELECT code FROM detection_due JOIN elder USING (elder_id) ORDER BY 1").fetchall()
    assert due == [("elder-1",), ("elder-2",)]


def test_by_plausibility_and_what_fits_nobody_is_nobodys(connection: store.Connection) -> None:
    share(connection, "by_plausibility")
    readings = [
        *create_pressure(1, 146, 80),
        *create_pressure(2, 114, 71),
        *create_pressure(3, 210, 120),
        *create_pressure(4, 146, 80, flags=(Flag.CUFF_LOOSE,)),
    ]
    store.store_deliveries(connection, [create_delivery(*readings)], NOW)
    assert filed(connection) == {
        1: {("elder-1", "by_plausibility")},
        2: {("elder-2", "by_plausibility")},
        3: {(None, "like_nobody")},
        4: {(None, "value_doubtful")},
    }
    certainties = connection.execute(
        "SELECT sequence, wearer_certainty FROM reading WHERE metric = 'systolic' ORDER BY sequence"
    ).fetchall()
    assert [sequence for sequence, certainty in certainties if certainty > 0.9] == [1, 2]


def test_by_the_time_of_the_home(connection: store.Connection) -> None:
    share(connection, "by_time", usual=((390, 480), (1200, 1260)))  # 06:30 to 08:00, and 20:00 to 21:00
    morning, evening = NOON.replace(hour=23) - timedelta(days=1), NOON.replace(hour=12)
    readings = [
        *create_pressure(1, 146, 80, at=morning),
        *create_pressure(2, 114, 71, at=evening),
        *create_pressure(3, 146, 80, at=NOON),
        *create_pressure(4, 146, 80, at=morning, flags=(Flag.CLOCK_RESET,)),
    ]
    store.store_deliveries(connection, [create_delivery(*readings)], NOW)
    assert filed(connection) == {
        1: {("elder-1", "by_time")},
        2: {("elder-2", "by_time")},
        3: {(None, "outside_usual_times")},
        4: {(None, "clock_doubtful")},
    }


def test_the_other_half_of_a_record_goes_where_the_first_went(connection: store.Connection) -> None:
    share(connection, "by_plausibility")
    systolic, diastolic = create_pressure(1, 146, 70)  # the second half alone would be the other's
    store.store_deliveries(connection, [create_delivery(systolic)], NOW)
    store.store_deliveries(connection, [create_delivery(diastolic, first=2)], NOW)
    assert filed(connection) == {1: {("elder-1", "by_plausibility")}}


def test_nobody_is_asked_whose_the_bathrooms_air_is(connection: store.Connection) -> None:
    share(connection, None)
    humidity = Reading(
        device=SENSOR,
        metric=Metric.HUMIDITY,
        value=70.0,
        unit=CANONICAL_UNIT[Metric.HUMIDITY],
        measured_at=NOON,
        received_at=NOON,
    )
    store.store_deliveries(connection, [create_delivery(humidity)], NOW)
    row = connection.execute("SELECT elder_id, wearer_certainty, wearer_why FROM reading").fetchone()
    assert row == (None, None, "shared_room")
