"""A gateway killed at random instants between the first byte and the last, then let finish: nothing lost or doubled.

The gateway is the real process; meters, radio and line are in this one, so the kill falls on an exact byte of the line
or an exact packet of the air. `LIVES` lives each; more by DOORSTEP_KILLS.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cloud.local.broker import LocalBroker
from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.glucometer import Glucometer
from firmware_sim.peripherals.sphygmomanometer import PressureRecord, Sphygmomanometer
from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from firmware_sim.serial.pty_line import PtyLine
from firmware_sim.serial.ultraeasy_meter import UltraEasyMeter
from protocols.reading import Metric, Reading
from tests.edge.conftest import CATALOGUE
from tests.integration.bluez.conftest import METER, OTHER_METER, Home
from tests.integration.edge_centre import FakeCentre

pytestmark = pytest.mark.integration

LIVES = int(os.environ.get("DOORSTEP_KILLS", "6"))
PATIENCE_S = 30.0
SEED = 20260301
NEW_RECORDS = 12
CONNECTION_INTERVAL_S = 0.03
"""A common one, and the shortest time between two confirmations of a real link."""
WALL = datetime(2026, 3, 1, 8, 0)
SERIAL, GLUCOMETER, CUFF = "serial:1", f"ble:{METER}", f"ble:{OTHER_METER}"

HEAD = f"""\
gateway = "gw-test"
data = "gateway"
catalogue = "{CATALOGUE}"

[uplink]
linger_ms = 20
resend_s = 1

[bluetooth]
rest_s = 0.5
silence_s = 1
"""
SERIAL_METER = f"""
[[device]]
name = "{SERIAL}"
kind = "glucometer"
model = "onetouch-ultraeasy"
port = "port"
poll_interval_s = 0.5
"""
BLE_METERS = f"""
[[device]]
name = "{GLUCOMETER}"
kind = "glucometer"
model = "bluetooth-glucose"
address = "{METER}"

[[device]]
name = "{CUFF}"
kind = "sphygmomanometer"
model = "bluetooth-blood-pressure"
address = "{OTHER_METER}"
"""


class Fuse:
    """Counts what passes; when its time has come it kills the gateway, in the middle of whatever passes then."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._kill: Callable[[], object] | None = None

    def light(self, after: int, kill: Callable[[], object]) -> None:
        self._left, self._kill = after, kill

    def passes(self, count: int) -> int:
        """How much of `count` still passes before the kill."""
        if self._left is None or self._kill is None:
            return count
        if self._left > count:
            self._left -= count
            return count
        passed, kill = self._left, self._kill
        self._left = self._kill = None
        kill()
        return passed


class Gateway:
    def __init__(self, folder: Path, devices: str, broker: LocalBroker) -> None:
        self._folder = folder
        self._environment = {**os.environ, "DOORSTEP_BROKER": broker.url}
        (folder / "edge.toml").write_text(HEAD + devices, encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "edge", "run", "--config", str(self._folder / "edge.toml")),
                env=self._environment,
                stderr=log,
            )

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)

    async def killed(self) -> None:
        assert self._process is not None
        code = await asyncio.wait_for(self._process.wait(), PATIENCE_S)
        assert code == -signal.SIGKILL, (self._folder / "gateway.log").read_text(encoding="utf-8")[-2000:]

    async def end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), PATIENCE_S)


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    centre = FakeCentre(broker.port)
    yield centre
    centre.close()


def values(centre: FakeCentre, device: str, metric: Metric) -> list[float]:
    stored: list[Reading] = list(centre.stored.values())
    return sorted(reading.value for reading in stored if (reading.device, reading.metric) == (device, metric))


async def until(holds: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - what is waited for happens in another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(what)


@contextmanager
def ultraeasy(link: Path, fuse: Fuse) -> Iterator[GlucoseMemory]:
    """A meter on a line that carries no byte more once the fuse has burnt through."""
    memory = GlucoseMemory(DeviceClock(lambda: WALL), 500)
    meter = UltraEasyMeter(memory, "C182DDCBE")

    def received(data: bytes) -> None:
        answer = meter.receive(data[: fuse.passes(len(data))])
        line.send(answer[: fuse.passes(len(answer))])

    line = PtyLine(link, received)
    try:
        yield memory
    finally:
        line.close()


async def test_serial_meter_loses_nothing_wherever_on_the_line_the_gateway_dies(
    tmp_path: Path, broker: LocalBroker, centre: FakeCentre
) -> None:
    dice, fuse, gateway, put_in = random.Random(SEED), Fuse(), Gateway(tmp_path, SERIAL_METER, broker), 0
    with ultraeasy(tmp_path / "port", fuse) as memory:
        for _ in range(LIVES):
            memory.fill(
                [StoredGlucose(WALL + timedelta(minutes=n), 50 + n) for n in range(put_in, put_in + NEW_RECORDS)]
            )
            put_in += NEW_RECORDS
            await gateway.start()
            fuse.light(dice.randrange(1, NEW_RECORDS * 50), gateway.kill)
            await gateway.killed()
        await gateway.start()
        expected = [50.0 + n for n in range(put_in)]
        await until(lambda: len(values(centre, SERIAL, Metric.GLUCOSE)) >= put_in, "serial readings are missing")
        await gateway.end()
    assert values(centre, SERIAL, Metric.GLUCOSE) == expected


class BleMeters:
    """A glucometer that keeps its records, and a cuff that erases what is confirmed. Packets pass a fuse each."""

    def __init__(self, glucometer: Glucometer, cuff: Sphygmomanometer) -> None:
        self.glucometer_fuse, self.cuff_fuse = Fuse(), Fuse()
        self.glucometer = glucometer
        self.cuff = cuff
        self.put_in = 0
        notify = glucometer.device.gatt_server.notify_subscriber
        indicate = cuff.device.gatt_server.indicate_subscriber

        async def counted_notification(*packet: Any) -> None:
            if self.glucometer_fuse.passes(1):
                await notify(*packet)

        async def paced_indication(*packet: Any) -> None:
            await indicate(*packet)
            self.cuff_fuse.passes(1)
            await asyncio.sleep(CONNECTION_INTERVAL_S)  # the radio of the simulator takes no time; a real one does

        glucometer.device.gatt_server.notify_subscriber = counted_notification  # type: ignore[method-assign, assignment]  # a tap
        cuff.device.gatt_server.indicate_subscriber = paced_indication  # type: ignore[method-assign, assignment]  # a tap

    def measure(self, count: int) -> None:
        for number in range(self.put_in, self.put_in + count):
            at = WALL + timedelta(minutes=number)
            self.glucometer.fill(at, 50 + number)
            self.cuff.fill(PressureRecord(at, 100 + number, 60, 70))
        self.put_in += count
        self.glucometer.save()
        self.cuff.save()


@pytest_asyncio.fixture
async def meters(home: Home) -> AsyncIterator[BleMeters]:
    clock = DeviceClock(lambda: WALL)
    glucometer = Glucometer(await home.radio.peripheral(METER, "Glucometer"), clock, Identity("GM-1", "G1"))
    cuff = Sphygmomanometer(await home.radio.peripheral(OTHER_METER, "Cuff"), clock, Identity("BP-1", "C1"))
    meters = BleMeters(glucometer, cuff)
    glucometer.start()
    cuff.start()
    yield meters
    await glucometer.stop()
    await cuff.stop()


async def test_bluetooth_meters_lose_nothing_but_what_was_confirmed_at_the_instant_of_the_kill(
    home: Home, broker: LocalBroker, centre: FakeCentre, meters: BleMeters
) -> None:
    """bluetoothd confirms a cuff's record before any program hears of it, and the cuff erases it then: what is between
    bluetoothd and our disk at the kill is gone. That is one record of a kill, or none."""
    gateway, dice = Gateway(home.folder, BLE_METERS, broker), random.Random(SEED)
    loop = asyncio.get_running_loop()
    for life in range(LIVES):
        meters.measure(NEW_RECORDS)
        await gateway.start()
        fuse = (meters.cuff_fuse, meters.glucometer_fuse)[life % 2]
        late_s = dice.uniform(0, CONNECTION_INTERVAL_S)
        fuse.light(dice.randrange(1, NEW_RECORDS), partial(loop.call_later, late_s, gateway.kill))
        await gateway.killed()
    await gateway.start()
    await until(
        lambda: len(values(centre, GLUCOMETER, Metric.GLUCOSE)) >= meters.put_in, "glucose readings are missing"
    )
    await until(lambda: not meters.cuff.records, "the cuff still holds records")
    await until(lambda: 99.0 + meters.put_in in values(centre, CUFF, Metric.SYSTOLIC), "the last pressure is missing")
    await gateway.end()
    assert [round(value) for value in values(centre, GLUCOMETER, Metric.GLUCOSE)] == [
        50 + number for number in range(meters.put_in)
    ]
    pressures = values(centre, CUFF, Metric.SYSTOLIC)
    assert len(pressures) == len(set(pressures)), "doubled"
    lost = {100.0 + number for number in range(meters.put_in)} - set(pressures)
    print(f"{LIVES} kills, {meters.put_in} pressures, lost {len(lost)}")
    assert len(lost) <= LIVES, f"{sorted(lost)} are lost"
