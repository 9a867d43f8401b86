"""Pressure meters that speak when they have measured, on a pseudo-terminal, heard by the gateway's own source."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.catalogue import load_catalogue
from edge.clock import Clock
from edge.readout.once import create_device, sessions_of
from edge.sources.serial_meter import SerialMeter
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.meter import PressureMemory, SerialCuff, StoredPressure
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import cuff_of
from protocols.reading import Flag, Metric, Reading
from tests.edge.conftest import CATALOGUE

pytestmark = [pytest.mark.integration]

PATIENCE_S = 30.0
WALL = datetime(2026, 3, 1, 8, 0)
ZONE = ZoneInfo("UTC")


class Told:
    """Readings as the gateway takes them, told from the meter's own thread."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._loop = asyncio.get_running_loop()
        self._something = asyncio.Event()

    def tell(self, reading: Reading) -> None:
        self.readings.append(reading)
        self._loop.call_soon_threadsafe(self._something.set)

    def of(self, metric: Metric) -> list[float]:
        return [reading.value for reading in self.readings if reading.metric is metric]

    async def until(self, metric: Metric, values: list[float]) -> None:
        """Until just these have come."""
        async with asyncio.timeout(PATIENCE_S):
            while self.of(metric) != values:
                self._something.clear()
                await self._something.wait()


def create_cuff(model: str, records: list[StoredPressure]) -> SerialCuff:
    memory = PressureMemory(DeviceClock(lambda: WALL), cuff_of(model).capacity)
    memory.fill(records)
    return cuff_of(model).create(memory, cuff_of(model).example_serial_number)


@pytest.mark.parametrize("model", ["a-and-d-ua767pc", "a-and-d-tm2655p"])
async def test_each_measurement_is_heard_when_it_is_made(model: str, tmp_path: Path) -> None:
    told = Told()
    device = create_device("serial:cuff", load_catalogue(CATALOGUE)[model], port=str(tmp_path / "port"))
    cuff = create_cuff(model, [StoredPressure(WALL - timedelta(hours=1), 121, 77, 61)])
    plugged = MeterOnLine(cuff, tmp_path / "port")
    with sessions_of(device, ZONE, Clock(), told.tell) as sessions:
        listening = asyncio.create_task(SerialMeter(device, sessions).run())
        try:
            await told.until(Metric.PULSE, [61])
            cuff.memory.measure(134, 82, 70)
            await told.until(Metric.PULSE, [61, 70])
            assert sessions.figures.devices()[0].trouble is None
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            plugged.unplug()
    assert told.of(Metric.SYSTOLIC) == [121, 134]
    assert told.of(Metric.DIASTOLIC) == [77, 82]
    without_time = model == "a-and-d-ua767pc"
    assert all((Flag.CLOCK_MISSING in reading.flags) == without_time for reading in told.readings)
    assert all((reading.device_time is None) == without_time for reading in told.readings)


async def test_meter_that_was_unplugged_is_heard_again(tmp_path: Path) -> None:
    model, told = "a-and-d-ua767pc", Told()
    device = create_device("serial:cuff", load_catalogue(CATALOGUE)[model], port=str(tmp_path / "port"))
    with sessions_of(device, ZONE, Clock(), told.tell) as sessions:
        listening = asyncio.create_task(SerialMeter(device, sessions).run())
        try:
            for heard in ([121], [121, 122]):
                plugged = MeterOnLine(create_cuff(model, [StoredPressure(WALL, heard[-1], 77, 61)]), tmp_path / "port")
                await told.until(Metric.SYSTOLIC, [float(value) for value in heard])
                plugged.unplug()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            plugged.unplug()
