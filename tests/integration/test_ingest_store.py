"""Storing deliveries on a real server: replays, corrections, strangers, wearers."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cloud.db import names
from cloud.errors import RejectedMessage
from cloud.readings import store
from cloud.readings.homes.store import MAX_DEVICES_OF_GATEWAY
from cloud.readings.model import Delivery
from cloud.readings.opening import open_readings
from cloud.readings.status import take_status
from protocols.reading import Flag, Metric, Reading, Unit
from protocols.telemetry.messages import DeviceStatus, ReadingsMessage, Receipt, StatusMessage, encode
from protocols.telemetry.topics import READINGS, STATUS, topic

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = 2**62 + 12345
CUFF = "ble:C0:FF:EE:00:01:02"
SENSOR = "ble:C0:FF:EE:00:01:03"


@pytest.fixture
def connection(any_database: str) -> Iterator[store.Connection]:
    """A community of two elders in one home, a cuff that knows users, and a sensor."""
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        yield connection


def populate(connection: store.Connection) -> None:
    connection.execute("INSERT INTO region (code, name, level) VALUES ('320106', '鼓楼区', 'district')")
    connection.execute("INSERT INTO home (code, region_id, address) SELECT 'home-1', region_id, 'x' FROM region")
    connection.execute(
        "INSERT INTO elder (code, home_id, name) "
        "SELECT person.code, home_id, person.code FROM home, (VALUES ('elder-1'), ('elder-2')) AS person (code)"
    )
    connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-1', home_id FROM home")
    connection.execute(
        "INSERT INTO device (gateway_id, name, kind) VALUES ('gw-1', %s, 'sphygmomanometer'), "
        "('gw-1', %s, 'shower_sensor')",
        (CUFF, SENSOR),
    )


def wear(connection: store.Connection, device: str, elder: str, during: str = "[,)", slot: int | None = None) -> None:
    connection.execute(
        "INSERT INTO wearer (device_id, user_slot, elder_id, during) "
        "SELECT device_id, %s, elder_id, %s::tstzrange FROM device, elder WHERE device.name = %s AND elder.code = %s",
        (slot, during, device, elder),
    )


def create_record(number: int, **changes: Any) -> Reading:
    """A pressure of a meter's memory: minute `number` of the day before."""
    at = NOW - timedelta(days=1) + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "device": CUFF,
        "metric": Metric.SYSTOLIC,
        "value": 120.0 + number % 60,
        "unit": Unit.MM_HG,
        "measured_at": at,
        "received_at": NOW,
        "device_time": at.replace(tzinfo=None) + timedelta(hours=8),
        "sequence": number,
    }
    return Reading(**{**fields, **changes})


def create_delivery(*readings: Reading, first: int = 1, gateway: str = "gw-1", epoch: int = EPOCH) -> Delivery:
    message = ReadingsMessage(epoch=epoch, first=first, sent_at=NOW, readings=readings)
    return open_readings(topic(gateway, READINGS), encode(message), NOW)


def rows(connection: store.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT device_id, metric, record_key, measured_at, value, elder_id FROM reading ORDER BY 1, 2, 3, 4"
    ).fetchall()


def one(connection: store.Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_delivery_becomes_rows_a_receipt_and_a_wish_to_look(connection: store.Connection) -> None:
    wear(connection, CUFF, "elder-1")
    with psycopg.connect(connection.info.dsn, autocommit=True) as listening:
        listening.execute(f"LISTEN {names.NEW_READINGS}".encode())
        reading = create_record(1, flags=(Flag.BODY_MOVED,), clock_offset_s=-61.5, user_slot=2)
        stored = store.store_deliveries(connection, [create_delivery(reading, create_record(2))], NOW)
        woken = [notice.payload for notice in listening.notifies(timeout=5, stop_after=1)]
    assert (stored.readings, stored.duplicates, stored.dead_letters) == (2, 0, 0)
    assert stored.receipts == (("gw-1", Receipt(epoch=EPOCH, through=2)),)
    row = connection.execute(
        "SELECT value, flags, clock_offset_s, user_slot, device_time, sequence, received_at, stored_at, outbox_number, "
        "elder_id IS NOT NULL FROM reading WHERE sequence = 1"
    ).fetchone()
    assert row == (121.0, ["body_moved"], -61.5, 2, reading.device_time, 1, NOW, NOW, 1, True)
    elder = one(connection, "SELECT elder_id FROM elder WHERE code = 'elder-1'")
    assert woken == [str(elder)]
    due = connection.execute("SELECT elder_id, since FROM detection_due").fetchall()
    assert due == [(elder, reading.measured_at)]
    assert one(connection, "SELECT heard_at FROM gateway") == NOW


@pytest.mark.parametrize("seed", range(6))
def test_replays_duplicates_and_reordering_change_nothing(connection: store.Connection, seed: int) -> None:
    chance = random.Random(seed)
    wear(connection, CUFF, "elder-1")
    readings = [
        create_record(n)
        if chance.random() < 0.5
        else Reading(
            device=SENSOR,
            metric=Metric.HUMIDITY,
            value=50.0,
            unit=Unit.PERCENT,
            measured_at=NOW - timedelta(seconds=n),
            received_at=NOW,
        )
        for n in range(1, 201)
    ]
    deliveries = [create_delivery(*readings[at : at + 10], first=at + 1) for at in range(0, 200, 10)]
    # the same numbers again, cut otherwise: what a gateway does that was restarted
    deliveries += [create_delivery(*readings[at : at + 7], first=at + 1) for at in range(3, 193, 7)]
    # the same records from a new outbox: what a replaced card does that reads every meter again
    deliveries += [create_delivery(*readings, epoch=99)]
    letters = deliveries * 2
    chance.shuffle(letters)
    stored = 0
    receipts: dict[int, Receipt] = {}
    while letters:
        size = chance.randint(1, 12)
        batch, letters = letters[:size], letters[size:]
        done = store.store_deliveries(connection, batch, NOW)
        stored += done.readings
        receipts.update({receipt.epoch: receipt for _, receipt in done.receipts})
    assert stored == 200
    assert len(rows(connection)) == one(connection, "SELECT sum(readings) FROM outbox_stream") == 200
    assert receipts == {EPOCH: Receipt(epoch=EPOCH, through=200), 99: Receipt(epoch=99, through=200)}
    assert one(connection, "SELECT count(*) FROM dead_letter") == 0


def test_the_same_record_with_another_correction_is_one_row(connection: store.Connection) -> None:
    first = create_record(1)
    corrected = create_record(1, measured_at=first.measured_at + timedelta(minutes=7), clock_offset_s=420.0)
    store.store_deliveries(connection, [create_delivery(first)], NOW)
    again = store.store_deliveries(connection, [create_delivery(corrected, first=2)], NOW)
    assert (again.readings, again.duplicates) == (0, 1)
    both = store.store_deliveries(  # and within one batch
        connection, [create_delivery(create_record(5), create_record(5, measured_at=NOW), first=3)], NOW
    )
    assert (both.readings, both.duplicates) == (1, 1)
    assert [row[3] for row in rows(connection)] == [first.measured_at, create_record(5).measured_at]
    assert both.receipts[0][1].through == 4


def test_gaps_are_told(connection: store.Connection) -> None:
    store.store_deliveries(connection, [create_delivery(create_record(1))], NOW)
    stored = store.store_deliveries(connection, [create_delivery(create_record(9), first=9)], NOW)
    assert stored.receipts == (("gw-1", Receipt(epoch=EPOCH, through=1, beyond=((9, 9),))),)


def test_a_strange_gateway_is_buried_once_and_gets_no_receipt(connection: store.Connection) -> None:
    stored = store.store_deliveries(connection, [create_delivery(create_record(1))], NOW)
    for minute in range(3):
        stranger = create_delivery(create_record(minute), gateway="gw-9")
        stored = store.store_deliveries(connection, [stranger, create_delivery(create_record(7), first=7)], NOW)
    assert [gateway for gateway, _ in stored.receipts] == ["gw-1"]
    assert connection.execute("SELECT topic, reason, times FROM dead_letter").fetchall() == [
        ("doorstep/v1/gw-9/readings", "gateway gw-9 is not registered; register it and its outbox will be taken", 3)
    ]


def test_an_unknown_device_is_kept_without_an_elder(connection: store.Connection) -> None:
    store.store_deliveries(connection, [create_delivery(create_record(1, device="ble:NEW"))], NOW)
    assert one(connection, "SELECT kind FROM device WHERE name = 'ble:NEW'") == "unknown"
    assert [row[5] for row in rows(connection)] == [None]
    assert one(connection, "SELECT count(*) FROM detection_due") == 0


def test_a_gateway_that_names_too_many_devices_is_refused(connection: store.Connection) -> None:
    readings = [create_record(n, device=f"ble:{n}") for n in range(MAX_DEVICES_OF_GATEWAY)]
    with pytest.raises(psycopg.DataError, match="at most 500"):
        store.store_deliveries(connection, [create_delivery(*readings)], NOW)
    assert rows(connection) == []


def test_who_measured_is_decided_by_device_slot_and_time(connection: store.Connection) -> None:
    changed = NOW - timedelta(days=1) + timedelta(minutes=30)
    wear(connection, CUFF, "elder-1", f"[,{changed.isoformat()})")
    wear(connection, CUFF, "elder-2", f"[{changed.isoformat()},)")
    wear(connection, CUFF, "elder-2", slot=2)
    readings = [create_record(1), create_record(29), create_record(30), create_record(31, user_slot=1)]
    readings += [create_record(2, user_slot=2, sequence=500)]
    store.store_deliveries(connection, [create_delivery(*readings)], NOW)
    found = connection.execute(
        "SELECT sequence, code FROM reading LEFT JOIN elder USING (elder_id) ORDER BY sequence"
    ).fetchall()
    assert found == [(1, "elder-1"), (29, "elder-1"), (30, "elder-2"), (31, "elder-2"), (500, "elder-2")]


def test_a_letter_with_a_bad_reading_is_stored_and_buried(connection: store.Connection) -> None:
    delivery = create_delivery(create_record(1), create_record(2, unit=Unit.KPA), create_record(3))
    stored = store.store_deliveries(connection, [delivery], NOW)
    assert (stored.readings, stored.dead_letters) == (2, 1)
    assert stored.receipts[0][1].through == 3
    row = connection.execute("SELECT payload, reason FROM dead_letter").fetchone()
    assert row == (delivery.payload, "readings[1]: unit: systolic is sent in mm[Hg], not kPa")
    again = store.store_deliveries(connection, [delivery], NOW)
    assert (again.readings, again.dead_letters) == (0, 0)


def test_status_follows_the_gateway_and_old_news_change_nothing(connection: store.Connection) -> None:
    where = topic("gw-1", STATUS)

    def say(online: bool, minute: int, **more: Any) -> None:
        at = NOW + timedelta(minutes=minute)
        take_status(connection, where, encode(StatusMessage(online=online, at=at, **more)))

    def seen() -> tuple[Any, ...] | None:
        return connection.execute(
            "SELECT online, heard_at, COALESCE((status ->> 'backlog_rows')::int, 0), status ->> 'reason' FROM gateway"
        ).fetchone()

    say(True, 1, backlog_rows=5, devices=(DeviceStatus(device=CUFF),))
    assert seen() == (True, NOW + timedelta(minutes=1), 5, None)
    say(True, 3, backlog_rows=9)
    say(True, 1, backlog_rows=5)  # the broker's retained copy, given again
    assert seen() == (True, NOW + timedelta(minutes=3), 9, None)
    say(False, 0, reason="connection lost")  # a last will, made when the connection was
    assert seen() == (False, NOW + timedelta(minutes=3), 9, "connection lost")
    say(True, 3, backlog_rows=9)
    assert seen() == (False, NOW + timedelta(minutes=3), 9, "connection lost")
    say(True, 4)
    assert seen() == (True, NOW + timedelta(minutes=4), 0, None)


@pytest.mark.parametrize(
    ("gateway", "payload", "reason"),
    [
        ("gw-9", encode(StatusMessage(online=True, at=NOW)), "gw-9 is not registered"),
        ("gw-1", b"{}", "missing required field"),
        ("gw-1", b'{"online": true, "at": "2026-03-01T12:00:00"}', "no zone"),
        ("gw-1", encode(StatusMessage(online=True, at=NOW, version="\0")), "cannot be stored"),
    ],
)
def test_a_bad_status_is_rejected(connection: store.Connection, gateway: str, payload: bytes, reason: str) -> None:
    with pytest.raises(RejectedMessage, match=reason):
        take_status(connection, topic(gateway, STATUS), payload)


def test_the_same_dead_letter_is_counted(connection: store.Connection) -> None:
    for minute in range(3):
        store.bury(connection, "t", b"\x00\xff", "broken", at=NOW + timedelta(minutes=minute))
    store.bury(connection, "t", b"other", "broken")
    found = connection.execute("SELECT payload, times, last_at - first_at FROM dead_letter ORDER BY 1").fetchall()
    assert found == [(b"\x00\xff", 3, timedelta(minutes=2)), (b"other", 1, timedelta(0))]


@pytest.mark.parametrize("seed", range(3))
def test_ingesters_side_by_side_neither_double_nor_block_each_other(
    any_database: str, connection: store.Connection, seed: int
) -> None:
    """Four of them, the same readings in different cuts, with different corrections of the meter's clock."""
    chance = random.Random(seed)
    wear(connection, CUFF, "elder-1")

    def create_work() -> list[list[Delivery]]:
        shift = timedelta(seconds=chance.randint(-300, 300))
        size = chance.randint(3, 9)
        deliveries = [
            create_delivery(
                *(create_record(n, measured_at=create_record(n).measured_at + shift) for n in range(at, at + size)),
                first=at,
            )
            for at in range(1, 121, size)
        ]
        chance.shuffle(deliveries)
        return [deliveries[at : at + 4] for at in range(0, len(deliveries), 4)]

    def ingest(work: list[list[Delivery]]) -> int:
        with psycopg.connect(any_database, autocommit=True) as own:
            return sum(store.store_deliveries(own, batch, NOW).readings for batch in work)

    with ThreadPoolExecutor(4) as threads:
        stored = list(threads.map(ingest, [create_work() for _ in range(4)]))
    numbers = one(connection, "SELECT count(DISTINCT sequence) FROM reading")
    assert sum(stored) == len(rows(connection)) == numbers
    assert numbers >= 120


def create_giving_up(*ranges: tuple[int, int], readings: tuple[Reading, ...] = (), first: int = 1) -> Delivery:
    message = ReadingsMessage(epoch=EPOCH, first=first, sent_at=NOW, readings=readings, given_up=ranges)
    return open_readings(topic("gw-1", READINGS), encode(message), NOW)


def given_up(connection: store.Connection) -> str:
    return str(one(connection, "SELECT given_up::text FROM outbox_stream"))


def test_numbers_that_were_given_up_hold_up_no_receipt(connection: store.Connection) -> None:
    """A full outbox deleted 2 to 4 and 6: the receipt goes on, and the row says which never came."""
    store.store_deliveries(connection, [create_delivery(create_record(1))], NOW)
    beyond = [create_delivery(create_record(5), first=5), create_delivery(create_record(7), first=7)]
    stored = store.store_deliveries(connection, beyond, NOW)
    assert stored.receipts == (("gw-1", Receipt(epoch=EPOCH, through=1, beyond=((5, 5), (7, 7)))),)
    for _ in range(2):  # told again, it is the same
        stored = store.store_deliveries(connection, [create_giving_up((2, 4), (6, 6))], NOW)
        assert (stored.readings, stored.duplicates, stored.dead_letters) == (0, 0, 0)
        assert stored.receipts == (("gw-1", Receipt(epoch=EPOCH, through=7, given_up=((2, 4), (6, 6)))),)
        assert given_up(connection) == "{[2,5),[6,7)}"
    assert len(rows(connection)) == 3


@pytest.mark.parametrize("at_once", [True, False])
def test_what_came_is_never_called_given_up(connection: store.Connection, at_once: bool) -> None:
    """The receipt for 1 to 3 was lost, then the outbox gave up 1 to 5: only 4 and 5 never came."""
    letters = [
        create_delivery(*(create_record(number) for number in (1, 2, 3))),
        create_giving_up((1, 5), readings=(create_record(6),), first=6),
    ]
    for batch in [letters] if at_once else [[letter] for letter in letters]:
        stored = store.store_deliveries(connection, batch, NOW)
    assert stored.receipts == (("gw-1", Receipt(epoch=EPOCH, through=6, given_up=((4, 5),))),)
    assert given_up(connection) == "{[4,6)}"


def test_a_message_that_was_overtaken_is_stored_all_the_same(connection: store.Connection) -> None:
    """It lay in the broker while its gateway gave its numbers up."""
    store.store_deliveries(connection, [create_giving_up((1, 5))], NOW)
    late = create_delivery(create_record(2), create_record(3), first=2)
    assert store.store_deliveries(connection, [late], NOW).readings == 2
    assert given_up(connection) == "{[1,2),[4,6)}"
    assert store.store_deliveries(connection, [late], NOW).readings == 0


def test_two_users_who_measure_in_one_second_are_two_records(connection: store.Connection) -> None:
    wear(connection, CUFF, "elder-1", slot=1)
    wear(connection, CUFF, "elder-2", slot=2)
    readings = [
        create_record(5, value=value, user_slot=slot) for slot, value in ((1, 131.0), (2, 152.0), (None, 140.0))
    ]
    for first in (1, 101):  # and the meter's memory again, under other numbers
        store.store_deliveries(connection, [create_delivery(*readings, first=first)], NOW)
    assert connection.execute(
        "SELECT elder.code, value FROM reading LEFT JOIN elder USING (elder_id) ORDER BY value"
    ).fetchall() == [("elder-1", 131.0), (None, 140.0), ("elder-2", 152.0)]


def test_a_record_stored_before_users_were_part_of_its_key_is_not_stored_again(connection: store.Connection) -> None:
    old = [create_record(n, user_slot=1) for n in range(3)] + [create_record(9)]
    store.store_deliveries(connection, [create_delivery(*old)], NOW)
    connection.execute("UPDATE reading SET record_key = record_key & ((1::bigint << 54) - 1)")  # as it was kept then
    before = rows(connection)
    again = [*old, *(create_record(n, user_slot=2) for n in range(3))]
    stored = store.store_deliveries(connection, [create_delivery(*again, first=101)], NOW)
    assert (stored.readings, stored.duplicates) == (3, 4)
    assert [row for row in rows(connection) if row in before] == before
    repeated = store.store_deliveries(connection, [create_delivery(*again, first=201)], NOW)
    assert (repeated.readings, repeated.duplicates) == (0, 7)


def test_a_rooms_sensor_of_nobody_is_the_only_elders(connection: store.Connection) -> None:
    """Where two live it is nobody's; who moves in or out changes that from then on."""

    def tell(number: int) -> Any:
        at = NOW + timedelta(minutes=number)
        told = Reading(
            device=SENSOR, metric=Metric.MOTION, value=1.0, unit=Unit.ONE, measured_at=at, received_at=at
        )  # fmt: skip
        store.store_deliveries(connection, [create_delivery(told, first=number)], at)
        return one(connection, f"SELECT elder_id FROM reading WHERE outbox_number = {number}")

    assert tell(1) is None
    assert one(connection, "SELECT count(*) FROM detection_due") == 0
    connection.execute("INSERT INTO home (code, region_id, address) SELECT 'home-2', region_id, 'y' FROM region")
    connection.execute("UPDATE elder SET home_id = (SELECT max(home_id) FROM home) WHERE code = 'elder-2'")
    assert tell(2) == one(connection, "SELECT elder_id FROM elder WHERE code = 'elder-1'")
    assert one(connection, "SELECT events_only FROM detection_due") is True
    wear(connection, CUFF, "elder-1")
    store.store_deliveries(connection, [create_delivery(create_record(1), first=3)], NOW)
    assert one(connection, "SELECT events_only FROM detection_due") is False
