"""A whole gateway that hears a RuuviTag over BlueZ: its air is in the outbox, and its battery in the status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.config import load
from edge.gateway import Gateway
from edge.health import HealthReport
from edge.outbox import Outbox
from edge.sources.ruuvi_decoder import LOW_BATTERY
from firmware_sim.clock import Clock as HomeClock
from firmware_sim.peripherals.ruuvi_tag import RuuviTag
from protocols.reading import Metric
from tests.edge.conftest import CATALOGUE
from tests.integration.bluez.conftest import Home

pytestmark = pytest.mark.integration

PATIENCE_S = 40.0
TAG = "CB:B8:33:4C:88:4F"
CONFIG = f"""\
gateway = "gw-test"
data = "gateway"
catalogue = "{CATALOGUE}"

[broker]
url = "mqtt://127.0.0.1:9"

[[device]]
name = "bathroom"
kind = "temperature_sensor"
model = "ruuvi-tag"
address = "{TAG}"
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Gateway]:
    path = folder / "edge.toml"
    path.write_text(CONFIG, encoding="utf-8")
    stop = asyncio.Event()
    gateway = Gateway(load(path), path, Clock())
    task = asyncio.create_task(gateway.run(stop))
    try:
        await asyncio.sleep(0)
        yield gateway
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


async def until_trouble(gateway: Gateway, trouble: str | None) -> HealthReport:
    """Once the tag was heard and both its values are in the outbox."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            report = gateway.report()
            (tag,) = report.devices
            if tag.heard_at is not None and tag.trouble == trouble and report.readings_taken >= 2:
                return report
            await asyncio.sleep(0.05)


async def test_air_and_battery_of_a_tag_are_heard(home: Home) -> None:
    tag = RuuviTag(await home.radio.peripheral(TAG, "Ruuvi 884F"), HomeClock())
    tag.start()
    async with running(home.folder) as gateway:
        heard = await until_trouble(gateway, None)
        assert heard.devices[0].battery_percent is None
        assert heard.devices[0].rssi_dbm is not None
        tag.battery_mv = 2400
        await until_trouble(gateway, LOW_BATTERY)
    await tag.stop()
    outbox = Outbox(home.folder / "gateway" / "outbox.db")
    taken = [row.reading for row in outbox.batch(0, 100)]
    outbox.close()
    assert {(one.device, one.metric, one.value) for one in taken} == {
        ("bathroom", Metric.AMBIENT_TEMPERATURE, 22.4),
        ("bathroom", Metric.HUMIDITY, 54.0),
    }
