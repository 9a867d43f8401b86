"""Two people, one monitor, one second: from the monitor's memory over the air and the outbox into two persons' rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from bumble.keys import MemoryKeyStore

from cloud.readings import store
from cloud.readings.model import Stored
from cloud.readings.opening import open_readings
from edge.clock import Clock
from edge.outbox import Outbox
from edge.readout.ble_address import BleReader
from firmware_sim.clock import Clock as HomeClock
from firmware_sim.peripherals.models import BLE_MODELS, Making
from protocols.reading import Metric, Reading
from protocols.telemetry.messages import ReadingsMessage, Receipt, decode, encode
from protocols.telemetry.topics import READINGS, topic
from tests.integration.bluez.conftest import Home, within
from tests.integration.bluez.test_edge_meters import ADDRESS, KEY, KNOWN, ZONE
from tests.integration.test_ingest_store import NOW, populate, wear

pytestmark = pytest.mark.integration

MODEL = "omron-hem-7361t"
MEMORY = """\
at,systolic_mm_hg,diastolic_mm_hg,pulse_per_minute,user,flags
2026-02-20T07:30:15,128,79,64,1,
2026-02-20T07:30:15,151,92,71,2,
2026-02-21T07:30:15,131,82,66,1,
"""


@pytest.fixture
def connection(database: str) -> Iterator[store.Connection]:
    """Two elders, each with a number of their own in the monitor."""
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        connection.execute(
            "INSERT INTO device (gateway_id, name, kind) VALUES ('gw-1', %s, 'sphygmomanometer')", (f"ble:{ADDRESS}",)
        )
        for slot in (1, 2):
            wear(connection, f"ble:{ADDRESS}", f"elder-{slot}", slot=slot)
        yield connection


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "outbox.db")
    yield outbox
    outbox.close()


async def read(home: Home, memory: Path) -> list[Reading]:
    on_air = await home.radio.peripheral(ADDRESS, BLE_MODELS[MODEL].air_name, keystore=MemoryKeyStore())
    monitor = BLE_MODELS[MODEL].create(Making(on_air, HomeClock(None), readings=memory))
    monitor.start()
    told: list[Reading] = []
    try:
        await within(BleReader(ADDRESS, KNOWN, ZONE, Clock(), told.append, key=KEY).read(MODEL))
    finally:
        await monitor.stop()
    return [reading for reading in told if reading.metric is not Metric.DEVICE_BATTERY]


def deliver(connection: store.Connection, outbox: Outbox) -> Stored:
    """What waits, as the bytes of one message; the receipt goes back."""
    waiting = outbox.batch(0, 100)
    message = ReadingsMessage(
        epoch=outbox.epoch,
        first=waiting[0].number,
        sent_at=datetime.now(UTC),
        readings=tuple(row.reading for row in waiting),
    )
    stored = store.store_deliveries(
        connection, [open_readings(topic("gw-1", READINGS), encode(message), datetime.now(UTC))], NOW
    )
    for _, receipt in stored.receipts:
        outbox.forget(decode(Receipt, encode(receipt)))
    return stored


async def test_two_users_of_one_second_are_two_records_from_the_memory_to_the_rows(
    home: Home, tmp_path: Path, connection: store.Connection, outbox: Outbox
) -> None:
    memory = tmp_path / "memory.csv"
    memory.write_text(MEMORY, encoding="utf-8")
    readings = await read(home, memory)
    assert outbox.put(readings) == 9
    assert deliver(connection, outbox).readings == 9
    assert outbox.backlog().rows == 0
    assert connection.execute(
        "SELECT elder.code, device_time::date::text, value FROM reading JOIN elder USING (elder_id) "
        "WHERE metric = 'systolic' ORDER BY 2, 1"
    ).fetchall() == [
        ("elder-1", "2026-02-20", 128.0),
        ("elder-2", "2026-02-20", 151.0),
        ("elder-1", "2026-02-21", 131.0),
    ]
    assert outbox.put(readings) == 0  # read out again


async def test_what_was_delivered_before_users_were_part_of_the_key_goes_once_more_and_changes_no_row(
    home: Home, tmp_path: Path, connection: store.Connection, outbox: Outbox
) -> None:
    memory = tmp_path / "memory.csv"
    memory.write_text(MEMORY, encoding="utf-8")
    readings = await read(home, memory)
    first = [reading for reading in readings if reading.user_slot == 1]  # the second user's were lost then
    outbox.put(first)
    deliver(connection, outbox)
    connection.execute("UPDATE reading SET record_key = record_key & ((1::bigint << 54) - 1)")
    with closing(sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)) as file:
        file.execute("UPDATE seen SET record_key = record_key & ((1 << 54) - 1)")
    kept = connection.execute("SELECT * FROM reading ORDER BY measured_at, metric").fetchall()
    assert outbox.put(readings) == 9
    stored = deliver(connection, outbox)
    assert (stored.readings, stored.duplicates) == (3, 6)
    after = connection.execute("SELECT * FROM reading ORDER BY measured_at, metric").fetchall()
    assert [row for row in after if row in kept] == kept
    assert len(after) == 9
    assert outbox.put(readings) == 0
