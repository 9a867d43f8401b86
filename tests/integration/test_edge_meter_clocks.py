"""Meters with wrong, jumped, reset and unset clocks, on their real lines, through the gateway into rows."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import pytest_asyncio

from cloud.readings import store
from cloud.readings.opening import open_readings
from edge.clock import Clock
from edge.config import load
from edge.figures import Figures
from edge.intake import Intake
from edge.outbox import Outbox
from edge.sources.meter_session import MeterSessions
from edge.sources.serial_meter import SESSION_OF_DRIVER, Conversation, open_port
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import MODELS
from protocols.reading import Flag, Metric, record_key
from protocols.record import Record
from protocols.serial.session import RecordRead
from protocols.telemetry.messages import ReadingsMessage, encode
from protocols.telemetry.topics import READINGS, topic
from tests.edge.conftest import CATALOGUE
from tests.integration.test_ingest_store import populate

pytestmark = pytest.mark.integration

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)
CONFIG = f"""\
gateway = "gw-1"
time_zone = "Europe/Berlin"
data = "data"
catalogue = "{CATALOGUE}"

[[device]]
name = "serial:meter"
kind = "glucometer"
model = "onetouch-ultraeasy"
port = "port"
"""


class HandClock(Clock):
    """Stands until the test moves it."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Bench:
    """A meter on its line, a gateway's session with it, and a centre's tables."""

    clock: HandClock
    meter_clock: DeviceClock
    memory: GlucoseMemory
    outbox: Outbox
    sessions: MeterSessions
    port: Path
    connection: store.Connection

    def measure(self, mg_dl: int) -> None:
        self.memory.fill([StoredGlucose(self.meter_clock.now(), mg_dl)])

    async def read(self) -> None:
        """One session, and what it gave into the database."""
        await asyncio.wait_for(asyncio.to_thread(self._read), 30)
        waiting = self.outbox.batch(0, 1000)
        if waiting:
            message = ReadingsMessage(
                epoch=self.outbox.epoch,
                first=waiting[0].number,
                sent_at=self.clock.now(),
                readings=tuple(item.reading for item in waiting),
            )
            delivery = open_readings(topic("gw-1", READINGS), encode(message), self.clock.now())
            assert delivery.fault is None
            stored = store.store_deliveries(self.connection, [delivery], self.clock.now())
            self.outbox.forget(stored.receipts[0][1])

    def _read(self) -> None:
        device = self.device
        session = self.sessions.begin(device)
        talk = SESSION_OF_DRIVER[device.model.driver](session.knows_record_at)

        def put(event: RecordRead) -> None:
            session.is_durable([event.record], self.sessions.intake.put(session.readings([event.record])))

        with open_port(str(self.port), talk.line) as port:
            Conversation(port, talk, session, put).run(threading.Event())
        session.finish()

    @property
    def device(self) -> Any:
        return load(self.port.parent / "edge.toml").devices[0]

    def rows(self) -> dict[int, tuple[datetime, datetime, list[str]]]:
        """By value: corrected time, what the meter said, flags."""
        found = self.connection.execute("SELECT value, measured_at, device_time, flags FROM reading")
        return {round(value): (at, said, flags) for value, at, said, flags in found}


@pytest_asyncio.fixture
async def bench(tmp_path: Path, database: str) -> AsyncIterator[Bench]:
    (tmp_path / "edge.toml").write_text(CONFIG, encoding="utf-8")
    config = load(tmp_path / "edge.toml")
    config.data.mkdir()
    clock = HandClock(BEGAN)
    meter_clock = DeviceClock(lambda: clock.at.astimezone(BERLIN).replace(tzinfo=None))
    memory = GlucoseMemory(meter_clock, 500)
    plugged = MeterOnLine(MODELS["onetouch-ultraeasy"].create(memory, "C182DDCBE"), tmp_path / "port")
    outbox = Outbox(config.outbox_path)
    figures = Figures(config.devices, clock)
    sessions = MeterSessions(outbox, figures, clock, config.zone, Intake(outbox, figures, lambda: None))
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        yield Bench(clock, meter_clock, memory, outbox, sessions, tmp_path / "port", connection)
    plugged.unplug()
    outbox.close()


async def test_a_wrong_clock_is_corrected_and_the_original_kept(bench: Bench) -> None:
    bench.meter_clock.offset_s = 3725
    bench.measure(101)
    bench.clock.at += timedelta(hours=2)
    await bench.read()
    assert bench.rows() == {101: (BEGAN, datetime(2026, 3, 27, 20, 2, 5), [])}
    offsets = bench.connection.execute("SELECT clock_offset_s FROM reading").fetchall()
    assert offsets == [(3725.0,)]


async def test_a_clock_that_jumped_is_flagged(bench: Bench) -> None:
    await bench.read()
    bench.measure(101)
    bench.clock.at += timedelta(hours=1)
    bench.meter_clock.offset_s = -5400
    bench.measure(102)
    await bench.read()
    rows = bench.rows()
    assert rows[102] == (BEGAN + timedelta(hours=1), datetime(2026, 3, 27, 18, 30), ["clock_jumped"])
    assert rows[101][2] == ["clock_jumped", "from_future"]


async def test_a_clock_back_at_its_factory_date_dates_its_new_records_all_the_same(bench: Bench) -> None:
    await bench.read()
    bench.measure(101)
    bench.clock.at += timedelta(hours=3)
    bench.meter_clock.set(datetime(1970, 1, 1, 0, 0, 10))  # the battery was changed
    bench.measure(102)
    bench.clock.at += timedelta(minutes=30)
    await bench.read()
    rows = bench.rows()
    assert rows[101][:2] == (BEGAN, datetime(2026, 3, 27, 19, 0))
    assert rows[102][:2] == (BEGAN + timedelta(hours=3), datetime(1970, 1, 1, 0, 0, 10))
    assert all("clock_reset" in flags for _, _, flags in rows.values())


async def test_a_record_of_1970_or_of_a_year_ahead_is_kept_and_flagged(bench: Bench) -> None:
    bench.memory.fill([StoredGlucose(datetime(1970, 1, 1, 0, 5), 101), StoredGlucose(datetime(2030, 1, 1), 102)])
    await bench.read()
    rows = bench.rows()
    assert rows[101] == (
        datetime(1969, 12, 31, 23, 5, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 5),
        ["clock_reset"],
    )
    assert rows[102] == (BEGAN + timedelta(days=366), datetime(2030, 1, 1), ["from_future"])


@pytest.mark.parametrize("follows", [True, False], ids=["moved with the home's clock", "left alone"])
async def test_the_night_of_daylight_saving(bench: Bench, follows: bool) -> None:
    """01:00 UTC of 29 March 2026 in Berlin."""
    await bench.read()
    bench.clock.at = eve = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)
    bench.measure(101)
    bench.clock.at = morning = datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    if not follows:
        bench.meter_clock.offset_s = -3600
    bench.measure(102)
    bench.clock.at += timedelta(hours=1)
    await bench.read()
    bench.measure(103)
    await bench.read()
    rows = bench.rows()
    assert {value: at for value, (at, _, _) in rows.items()} == {101: eve, 102: morning, 103: bench.clock.at}
    assert {value: flags for value, (_, _, flags) in rows.items()} == {
        101: [],
        102: ["clock_jumped"] if follows else [],
        103: [],
    }


async def test_records_without_time_or_number_are_each_themselves(bench: Bench) -> None:
    session = bench.sessions.begin(bench.device)
    records = [Record(values=((Metric.GLUCOSE, value),), device_time=None) for value in (101.0, 102.0)]
    readings = session.readings(records) + session.readings(records[:1])
    assert len({record_key(reading) for reading in readings}) == 3
    assert bench.outbox.put(readings) == 3
    assert {reading.flags for reading in readings} == {(Flag.CLOCK_MISSING,)}
