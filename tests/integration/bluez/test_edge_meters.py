"""The gateway's own way with Bluetooth meters, over bleak's BlueZ backend: every driver, and what sessions remember."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from bleak import BleakScanner
from bumble.keys import MemoryKeyStore
from msgspec.structs import replace

from edge.catalogue import DRIVERS_WITH_A_KEY, load_catalogue
from edge.clock import Clock
from edge.config import Bluetooth, Device
from edge.figures import Figures
from edge.intake import Intake
from edge.outbox import Outbox
from edge.readout.ble_address import BleReader
from edge.readout.once import create_device
from edge.readout.read_meter import NotRead, ReadMeter
from edge.sources.ble_link import PROFILE_OF_DRIVER, BleLink
from edge.sources.ble_meter import BleMeter
from edge.sources.bluez_agent import AgentKeeper
from edge.sources.meter_session import MeterSession, MeterSessions
from firmware_sim.bonding import PairingMode
from firmware_sim.clock import Clock as HomeClock
from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.glucometer import Glucometer
from firmware_sim.peripherals.models import BLE_MODELS, Making
from firmware_sim.peripherals.sphygmomanometer import PressureRecord, Sphygmomanometer
from protocols.reading import Flag, Metric, Reading
from tests.edge.conftest import CATALOGUE
from tests.integration.bluez.conftest import Home, find, within

pytestmark = pytest.mark.integration

ADDRESS = "C0:FF:EE:00:0B:01"
KEY = bytes(range(16))
PASSKEY = 294016
ZONE = ZoneInfo("Asia/Shanghai")
KNOWN = load_catalogue(CATALOGUE)
READABLE = [name for name in BLE_MODELS if KNOWN[name].driver in PROFILE_OF_DRIVER]
GLUCOSE_FILE = """\
at,glucose_mg_dl,meal,control_solution
2026-11-20T07:30:00,101,,
2026-11-21T07:30:00,105,,1
2026-11-22T07:30:00,333,,
"""
PRESSURE_FILE = """\
at,systolic_mm_hg,diastolic_mm_hg,pulse_per_minute,user,flags
2026-11-20T07:30:00,128,79,64,1,
2026-11-21T07:30:00,141,85,71,1,irregular_pulse
2026-11-22T07:30:00,155,91,77,1,body_moved
"""
PATIENCE_S = 60.0


def wall_now() -> datetime:
    return datetime.now(ZONE).replace(tzinfo=None)


class Gateway:
    """What a gateway keeps of its meters between sessions, without its loop."""

    def __init__(self, folder: Path, device: Device) -> None:
        self.device = device
        self.outbox = Outbox(folder / "outbox.db")
        self.figures = Figures([device], Clock())
        intake = Intake(self.outbox, self.figures, lambda: None)
        self.sessions = MeterSessions(self.outbox, self.figures, Clock(), ZONE, intake)
        self.settings = Bluetooth(silence_s=0.5, rest_s=0.1, connect_s=2.0)

    async def read(self) -> MeterSession:
        link = await within(BleLink.open(await find(self.device.address), self.device, self.settings))
        return await within(link.read(self.sessions, self.settings))

    def taken(self, metric: Metric) -> list[Reading]:
        return [row.reading for row in self.outbox.batch(0, 10_000) if row.reading.metric is metric]

    def values(self, metric: Metric) -> list[float]:
        return [reading.value for reading in self.taken(metric)]


def create_meter(model: str, **changed: object) -> Device:
    return replace(create_device(f"ble:{ADDRESS}", KNOWN[model], address=ADDRESS), passkey=PASSKEY, **changed)


GatewayMaker = Callable[[Device], Gateway]


@pytest_asyncio.fixture
async def agent(home: Home) -> AsyncIterator[None]:
    """The gateway's pairing agent, which knows the meter of these tests."""
    keeper = AgentKeeper({ADDRESS: create_meter("bluetooth-glucose")})
    task = asyncio.create_task(keeper.run())
    await within(keeper.registered.wait())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def create_gateway(tmp_path: Path, agent: None, request: pytest.FixtureRequest) -> GatewayMaker:
    def create(device: Device) -> Gateway:
        gateway = Gateway(tmp_path, device)
        request.addfinalizer(gateway.outbox.close)
        return gateway

    return create


@pytest_asyncio.fixture
async def glucometer(home: Home) -> AsyncIterator[Glucometer]:
    """With a passkey, a clock that is 95 s slow, and a memory that it lets be deleted."""
    meter = Glucometer(
        await home.radio.peripheral(ADDRESS, "Glucometer", keystore=MemoryKeyStore()),
        DeviceClock(wall_now, -95.0),
        Identity("GM-1", "GM0001"),
        passkey=PASSKEY,
        pairing_mode=PairingMode(),
        lets_delete=True,
    )
    meter.start()
    yield meter
    await meter.stop()


@pytest_asyncio.fixture
async def cuff(home: Home) -> AsyncIterator[Sphygmomanometer]:
    """Its clock is an hour fast."""
    device = await home.radio.peripheral(ADDRESS, "Cuff", keystore=MemoryKeyStore())
    cuff = Sphygmomanometer(device, DeviceClock(wall_now, 3600.0), Identity("BP-1", "BP0001"))
    cuff.start()
    yield cuff
    await cuff.stop()


async def read_once(home: Home, model: str, folder: Path, driver: str | None) -> tuple[ReadMeter, list[Reading]]:
    """The device of the simulator by this name, read by hand."""
    is_cuff = KNOWN[model].kinds[0] == "sphygmomanometer"
    readings = folder / "readings.csv"
    readings.write_text(PRESSURE_FILE if is_cuff else GLUCOSE_FILE, encoding="utf-8")
    on_air = await home.radio.peripheral(ADDRESS, BLE_MODELS[model].air_name, keystore=MemoryKeyStore())
    device = BLE_MODELS[model].create(Making(on_air, HomeClock(None), readings=readings))
    device.start()
    told: list[Reading] = []
    try:
        reader = BleReader(ADDRESS, KNOWN, ZONE, Clock(), told.append, key=KEY)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read(driver), told
    finally:
        await device.stop()


@pytest.mark.parametrize("model", READABLE)
async def test_every_model_is_read_to_its_last_record(home: Home, tmp_path: Path, model: str) -> None:
    driver = model if KNOWN[model].driver in DRIVERS_WITH_A_KEY else None  # the others say what they are
    found, told = await read_once(home, model, tmp_path, driver)
    assert found.model == model
    if KNOWN[model].kinds[0] == "glucometer":
        glucose = {reading.device_time: reading.value for reading in told if reading.metric is Metric.GLUCOSE}
        assert glucose == {datetime(2026, 11, 20, 7, 30): 101, datetime(2026, 11, 22, 7, 30): 333}
        assert found.control_solutions == 1
    else:
        systolic = {reading.device_time: reading.value for reading in told if reading.metric is Metric.SYSTOLIC}
        assert systolic == {datetime(2026, 11, day, 7, 30): value for day, value in ((20, 128), (21, 141), (22, 155))}
        assert sorted(r.value for r in told if r.metric is Metric.PULSE) == [64, 71, 77]
    assert [reading.value for reading in told if reading.metric is Metric.DEVICE_BATTERY] != []


async def test_wrong_driver_is_refused_and_tells_no_value(home: Home, tmp_path: Path) -> None:
    with pytest.raises(NotRead, match=r"lacks the characteristic 0000fff1.*so it is not: Microlife"):
        await read_once(home, "onetouch-verio-flex", tmp_path, "microlife-b6")


async def test_monitors_that_look_alike_have_to_be_named(home: Home, tmp_path: Path) -> None:
    with pytest.raises(NotRead, match="--driver: omron-hem-7322t, omron-hem-7361t, omron-hem-7600t"):
        await read_once(home, "omron-hem-7361t", tmp_path, None)


async def test_second_session_brings_only_what_is_new(glucometer: Glucometer, create_gateway: GatewayMaker) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    for value in (101, 102, 103):
        glucometer.measure(value)
    assert (await gateway.read()).records == 3
    glucometer.measure(104)
    session = await gateway.read()
    assert (session.records, session.new_readings) == (2, 1)  # the last known one is asked for again
    assert gateway.values(Metric.GLUCOSE) == [101, 102, 103, 104]
    assert gateway.taken(Metric.GLUCOSE)[0].clock_offset_s == pytest.approx(-95, abs=5)


@pytest.mark.parametrize("after", [1, 3, 6], ids=["fewer", "as many", "more"])
async def test_wiped_memory_hides_no_new_record(
    glucometer: Glucometer, create_gateway: GatewayMaker, after: int
) -> None:
    """Numbers begin at 1 again; they may have passed the last known one when the meter is read the next time."""
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    for number in range(3):
        glucometer.fill(wall_now() - timedelta(hours=9 - number), 101 + number)
    await gateway.read()
    glucometer.wipe()
    for number in range(after):
        glucometer.fill(wall_now() - timedelta(minutes=50 - number), 201 + number)
    glucometer.save()
    await gateway.read()
    assert sorted(gateway.values(Metric.GLUCOSE)) == [101, 102, 103, *range(201, 201 + after)]
    glucometer.measure(250)
    assert (await gateway.read()).records == 2


async def test_nothing_is_deleted_unless_configured(glucometer: Glucometer, create_gateway: GatewayMaker) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    glucometer.measure(101)
    await gateway.read()
    assert len(glucometer.records) == 1


async def test_what_was_read_is_deleted_where_configured(glucometer: Glucometer, create_gateway: GatewayMaker) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose", erase_after_read=True))
    glucometer.measure(101)
    glucometer.measure(102)
    await gateway.read()
    assert glucometer.records == ()
    glucometer.measure(103)
    await gateway.read()
    assert gateway.values(Metric.GLUCOSE) == [101, 102, 103]


async def test_clock_is_set_where_configured_and_that_is_no_jump(
    glucometer: Glucometer, create_gateway: GatewayMaker
) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose", set_clock=True))
    glucometer.clock.offset_s = 7200
    taken_at = glucometer.measure(101).at
    await gateway.read()
    assert glucometer.clock.offset_s == pytest.approx(0, abs=2)
    glucometer.measure(102)
    await gateway.read()
    first, second = gateway.taken(Metric.GLUCOSE)
    assert first.device_time == taken_at
    assert first.clock_offset_s == pytest.approx(7200, abs=5)
    assert Flag.CLOCK_JUMPED not in second.flags
    assert abs(second.measured_at - second.received_at) < timedelta(seconds=30)


async def test_clock_is_left_alone_by_default(glucometer: Glucometer, create_gateway: GatewayMaker) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    await gateway.read()
    assert glucometer.clock.offset_s == -95


async def test_battery_is_kept_once_while_it_does_not_change(
    glucometer: Glucometer, create_gateway: GatewayMaker
) -> None:
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    await gateway.read()
    glucometer.measure(101)
    await gateway.read()
    assert gateway.values(Metric.DEVICE_BATTERY) == [87]


async def test_cuff_tells_users_and_its_pressure_on_the_way_is_not_stored(
    cuff: Sphygmomanometer, create_gateway: GatewayMaker
) -> None:
    gateway = create_gateway(create_meter("bluetooth-blood-pressure", set_clock=True))
    earlier = cuff.clock.now() - timedelta(minutes=30)
    cuff.fill(PressureRecord(earlier, 141, 88, 70, (Flag.CUFF_LOOSE,), 0))
    cuff.measure(133, 81, 66, user_id=1)
    await cuff.inflate(60, 120, 170)
    await gateway.read()
    systolic = gateway.taken(Metric.SYSTOLIC)
    assert [(reading.value, reading.user_slot, reading.flags) for reading in systolic] == [
        (141, 0, (Flag.CUFF_LOOSE,)),
        (133, 1, ()),
    ]
    assert abs(systolic[1].measured_at - systolic[1].received_at) < timedelta(minutes=1)
    assert cuff.clock.offset_s == pytest.approx(0, abs=2)


async def test_lost_bond_is_said_and_renewed_once_the_meter_is_in_pairing_mode(
    home: Home, create_gateway: GatewayMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.sources.ble_meter.SHORTEST_PAUSE_S", 0.1)
    monkeypatch.setattr("edge.sources.ble_meter.LONGEST_PAUSE_S", 0.4)
    mode, keys = PairingMode(), MemoryKeyStore()
    on_air = await home.radio.peripheral(ADDRESS, "Glucometer", keystore=keys)
    glucometer = Glucometer(
        on_air, DeviceClock(wall_now), Identity("GM-1", "GM0001"), passkey=PASSKEY, pairing_mode=mode
    )
    glucometer.start()
    gateway = create_gateway(create_meter("bluetooth-glucose"))
    meter = BleMeter(gateway.device, gateway.settings, gateway.sessions, asyncio.Lock())
    scanner = BleakScanner(lambda device, heard: meter.seen(device, heard.rssi) if device.address == ADDRESS else None)
    await scanner.start()
    running = asyncio.create_task(meter.run())
    changed = asyncio.Event()
    gateway.figures.on_trouble_changed(changed.set)

    def trouble() -> str:
        return gateway.figures.devices()[0].trouble or ""

    async def until(wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                await asyncio.wait({asyncio.create_task(changed.wait())}, timeout=0.1)
                changed.clear()

    try:
        glucometer.measure(101)
        await until(lambda: gateway.values(Metric.GLUCOSE) == [101])
        mode.on = False
        await keys.delete_all()  # a new battery
        glucometer.measure(102)
        await until(lambda: "lost its bond with this gateway; put it into pairing mode" in trouble())
        assert gateway.values(Metric.GLUCOSE) == [101]
        mode.on = True
        glucometer.measure(103)
        await until(lambda: gateway.values(Metric.GLUCOSE) == [101, 102, 103])
        await until(lambda: trouble() == "")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await scanner.stop()
        await glucometer.stop()
