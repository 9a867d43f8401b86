"""A whole gateway whose radio goes deaf: it switches its adapter off and on, and says what it did and saw."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.config import load
from edge.errors import Temporary
from edge.gateway import Gateway
from edge.health import HealthReport
from edge.sources.adapter_power import power_cycle
from firmware_sim.radio_controller import Deafness
from protocols.telemetry.messages import RadioStatus
from tests.edge.conftest import CATALOGUE
from tests.integration.bluez.conftest import METER, OTHER_METER, SERVICE_DATA, Home, Meter, set_power

pytestmark = pytest.mark.integration

PATIENCE_S = 40.0
CANARY_WITHIN_S = 1.0
CONFIG = f"""\
gateway = "gw-test"
data = "gateway"
catalogue = "{CATALOGUE}"

[broker]
url = "mqtt://127.0.0.1:9"

[[device]]
name = "canary"
kind = "shower_sensor"
model = "bthome-sensor"
address = "{METER}"
heard_within_s = {CANARY_WITHIN_S}
canary = true
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Gateway]:
    path = folder / "edge.toml"
    path.write_text(CONFIG, encoding="utf-8")
    stop = asyncio.Event()
    gateway = Gateway(load(path), path, Clock())
    running = asyncio.create_task(gateway.run(stop))
    try:
        await asyncio.sleep(0)
        yield gateway
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)


async def until(gateway: Gateway, holds: Callable[[HealthReport, RadioStatus], bool]) -> HealthReport:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            report = gateway.report()
            if report.radio is not None and holds(report, report.radio):
                return report
            await asyncio.sleep(0.05)


def is_well(_report: HealthReport, radio: RadioStatus) -> bool:
    return radio.trouble is None and radio.heard_at is not None


async def test_deaf_radio_is_cured_by_a_power_cycle(home: Home, meter: Meter) -> None:
    async with running(home.folder) as gateway:
        heard = await until(gateway, is_well)
        home.radio.deafen(Deafness.UNTIL_RESET)
        sick = await until(gateway, lambda _report, radio: radio.power_cycles == 1)
        assert any("switched off and on" in problem for problem in sick.problems)
        cured = await until(gateway, is_well)
    assert cured.radio is not None
    assert heard.radio is not None
    assert cured.radio.trouble is None
    assert cured.radio.power_cycles == 1
    assert cured.radio.last_power_cycle_at is not None
    assert heard.radio.power_cycles == 0


async def test_radio_that_stays_deaf_asks_for_a_power_cut_and_is_well_after_it(home: Home, meter: Meter) -> None:
    async with running(home.folder) as gateway:
        await until(gateway, is_well)
        home.radio.deafen(Deafness.UNTIL_POWER_CUT)
        helpless = await until(gateway, lambda _report, radio: "only a power cut" in (radio.trouble or ""))
        assert any("only a power cut" in problem for problem in helpless.problems)
        home.radio.deafen(None)
        await until(gateway, is_well)


async def test_canary_that_is_gone_is_not_blamed_on_the_radio_for_long(home: Home, meter: Meter) -> None:
    neighbour = await home.create_meter(OTHER_METER, "Neighbour")
    await neighbour.advertise(SERVICE_DATA)
    async with running(home.folder) as gateway:
        await until(gateway, is_well)
        home.radio.place(METER, None)
        gone = await until(gateway, lambda _report, radio: "hears others but not canary" in (radio.trouble or ""))
        assert gone.radio is not None
        assert gone.radio.power_cycles == 1


async def test_adapter_is_on_after_a_power_cycle_even_if_it_was_off(home: Home, meter: Meter) -> None:
    bus = await home.create_bus()
    await set_power(bus, on=False)
    await asyncio.wait_for(power_cycle(""), PATIENCE_S)
    async with running(home.folder) as gateway:
        await until(gateway, is_well)


async def test_adapter_that_is_not_there_is_said_in_a_sentence(home: Home) -> None:
    with pytest.raises(Temporary, match="no adapter hci7; is it plugged in"):
        await asyncio.wait_for(power_cycle("hci7"), PATIENCE_S)
