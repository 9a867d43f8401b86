"""The shower sensor and the emergency button, heard by a plain scanner."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from bleak.backends.device import BLEDevice
from bthome_ble.parser import BTHomeBluetoothDeviceData
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Device
from habluetooth import BluetoothServiceInfoBleak

from firmware_sim.clock import Clock
from firmware_sim.peripherals import fall_detector
from firmware_sim.peripherals.emergency_button import EmergencyButton
from firmware_sim.peripherals.fall_detector import FallDetector
from firmware_sim.peripherals.shower_sensor import ShowerSensor
from firmware_sim.peripherals.trigger_beacon import BURST_S
from firmware_sim.peripherals.water_sensor import WaterSensor
from firmware_sim.radio import Radio
from protocols.adverts.bthome import BTHOME_UUID, BThomeAdvert, decode_bthome
from protocols.adverts.bthome_objects import VIBRATION, ButtonPress
from protocols.reading import Metric
from tests.firmware_sim.conftest import REPLY_WITHIN_S, create_clock

SENSOR = "C0:FF:EE:00:01:03"
BUTTON = "C0:FF:EE:00:01:04"
BIND_KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


class Scanner:
    """Keeps the service data of one address, in the order heard."""

    def __init__(self, device: Device, address: str) -> None:
        self.heard: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._address = address
        self.device = device
        device.on(Device.EVENT_ADVERTISEMENT, self._hear)

    def _hear(self, advertisement: Advertisement) -> None:
        data = advertisement.data.get(AdvertisingData.Type.SERVICE_DATA_16_BIT_UUID)
        if advertisement.address.to_string(False) == self._address and isinstance(data, tuple):
            assert not advertisement.is_connectable
            self.heard.put_nowait((time.time(), bytes(data[1])))

    async def next(self) -> tuple[float, bytes]:
        """Wall's Unix seconds of hearing, and service data."""
        return await asyncio.wait_for(self.heard.get(), REPLY_WITHIN_S)

    async def until_different(self, before: bytes) -> bytes:
        while (data := (await self.next())[1]) == before:
            pass
        return data


async def create_scanner(radio: Radio, address: str) -> Scanner:
    scanner = Scanner(await radio.peripheral("C0:00:00:00:00:98", "scanner"), address)
    await scanner.device.start_scanning(active=False, filter_duplicates=False)
    return scanner


@pytest_asyncio.fixture
async def button(radio: Radio) -> AsyncIterator[EmergencyButton]:
    button = EmergencyButton(await radio.peripheral(BUTTON, "Button"), Clock(), BIND_KEY)
    yield button
    await button.stop()


def as_heard_elsewhere(address: str, service_data: bytes) -> BluetoothServiceInfoBleak:
    """The advertisement in the form that bthome-ble takes."""
    return BluetoothServiceInfoBleak(
        name="device",
        address=address,
        rssi=-50,
        manufacturer_data={},
        service_data={BTHOME_UUID: service_data},
        service_uuids=[BTHOME_UUID],
        source="",
        device=BLEDevice(address, "device", {}),
        advertisement=None,
        connectable=False,
        time=0,
        tx_power=None,
    )


def opened(service_data: bytes) -> BThomeAdvert:
    return decode_bthome(service_data, mac=BUTTON, bind_key=BIND_KEY)


async def test_a_press_is_repeated_with_one_counter_and_then_silence(radio: Radio, button: EmergencyButton) -> None:
    scanner = await create_scanner(radio, BUTTON)
    began = time.time()
    at_wall = await button.press()
    first_at, first = await scanner.next()
    assert began <= at_wall <= first_at
    assert first_at - at_wall < 0.25
    await asyncio.sleep(BURST_S + 0.3)  # nothing announces silence; it is what is tested
    repetitions = [scanner.heard.get_nowait()[1] for _ in range(scanner.heard.qsize())]
    assert len(repetitions) >= 3
    assert set(repetitions) == {first}
    assert opened(first).buttons == (ButtonPress.PRESS,)
    assert opened(first).trigger_based


async def test_presses_are_told_apart_by_their_counter(radio: Radio, button: EmergencyButton) -> None:
    scanner = await create_scanner(radio, BUTTON)
    await button.press()
    _, first = await scanner.next()
    await button.press(ButtonPress.LONG)
    second = await scanner.until_different(first)
    assert (opened(first).counter, opened(second).counter) == (1, 2)
    assert opened(second).buttons == (ButtonPress.LONG,)


async def test_a_decoder_written_by_others_reads_a_press(radio: Radio, button: EmergencyButton) -> None:
    scanner = await create_scanner(radio, BUTTON)
    await button.press()
    _, service_data = await scanner.next()
    heard = BTHomeBluetoothDeviceData(bindkey=BIND_KEY).update(as_heard_elsewhere(BUTTON, service_data))
    assert [event.event_type for event in heard.events.values()] == ["press"]


async def test_the_counter_survives_a_battery_change(radio: Radio, tmp_path: Path) -> None:
    state = tmp_path / "button.json"
    device = await radio.peripheral(BUTTON, "Button")
    for expected in (1, 2):
        button = EmergencyButton(device, Clock(), BIND_KEY, state)
        await button.press()
        assert button.counter == expected
        await button.stop()


async def test_it_says_every_day_that_it_is_there(radio: Radio) -> None:
    scanner = await create_scanner(radio, BUTTON)
    a_day_in_a_second = create_clock(speed=timedelta(days=1).total_seconds())
    button = EmergencyButton(await radio.peripheral(BUTTON, "Button"), a_day_in_a_second, BIND_KEY)
    button.start()
    _, first = await scanner.next()
    second = await scanner.until_different(first)
    assert opened(first).buttons == opened(second).buttons == (ButtonPress.NONE,)
    await button.stop()


@pytest.fixture
def quick_clock() -> Clock:
    """A minute passes in a twentieth of a second."""
    return create_clock(speed=1200)


def values(service_data: bytes) -> dict[Metric, float]:
    return dict(decode_bthome(service_data, mac=SENSOR, bind_key=None).measurements)


async def test_motion_is_said_when_it_begins_and_when_it_ends(radio: Radio, quick_clock: Clock) -> None:
    scanner = await create_scanner(radio, SENSOR)
    sensor = ShowerSensor(await radio.peripheral(SENSOR, "Shower"), quick_clock)
    sensor.start()
    _, resting = await scanner.next()
    sensor.motion()
    moving = await scanner.until_different(resting)
    ended = await scanner.until_different(moving)
    assert [values(data)[Metric.MOTION] for data in (resting, moving, ended)] == [0, 1, 0]
    await sensor.stop()


async def test_a_shower_makes_the_air_humid_and_warm(radio: Radio, quick_clock: Clock) -> None:
    scanner = await create_scanner(radio, SENSOR)
    sensor = ShowerSensor(await radio.peripheral(SENSOR, "Shower"), quick_clock)
    sensor.start()
    _, resting = await scanner.next()
    sensor.shower(minutes=60)
    steaming = resting
    while values(steaming)[Metric.HUMIDITY] < 85:
        steaming = await scanner.until_different(steaming)
    assert values(steaming)[Metric.AMBIENT_TEMPERATURE] > values(resting)[Metric.AMBIENT_TEMPERATURE] + 1
    await sensor.stop()


async def test_a_decoder_written_by_others_reads_the_sensor(radio: Radio) -> None:
    scanner = await create_scanner(radio, SENSOR)
    sensor = ShowerSensor(await radio.peripheral(SENSOR, "Shower"), Clock())
    sensor.start()
    _, service_data = await scanner.next()
    heard = BTHomeBluetoothDeviceData().update(as_heard_elsewhere(SENSOR, service_data))
    numbers = {key.key: value.native_value for key, value in heard.entity_values.items()}
    assert (numbers["humidity"], numbers["temperature"], numbers["battery"]) == (54.0, 22.4, 96)
    await sensor.stop()


async def test_water_sensor_says_wet_and_dry_to_an_outside_decoder(radio: Radio) -> None:
    address = "C0:FF:EE:00:01:06"
    sensor = WaterSensor(await radio.peripheral(address, "Water"))
    scanner = await create_scanner(radio, address)
    sensor.start()
    dry = await scanner.until_different(b"")
    await sensor.say(wet=True)
    wet = await scanner.until_different(dry)
    said = [decode_bthome(data, mac=address, bind_key=None).measurements for data in (dry, wet)]
    assert [dict(values)[Metric.MOISTURE] for values in said] == [0.0, 1.0]
    elsewhere = BTHomeBluetoothDeviceData()
    assert elsewhere.supported(as_heard_elsewhere(address, wet))
    await sensor.stop()


async def test_fall_detector_shakes_and_comes_to_rest_under_its_key(
    radio: Radio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fall_detector, "AT_REST_AFTER_S", 0.2)
    address, key = "C0:FF:EE:00:01:07", bytes(range(16))
    detector = FallDetector(await radio.peripheral(address, "Fall"), Clock(), key)
    scanner = await create_scanner(radio, address)
    detector.start()
    quiet = await scanner.until_different(b"")
    await detector.fall()
    falling = await scanner.until_different(quiet)
    at_rest = await scanner.until_different(falling)
    said = [decode_bthome(data, mac=address, bind_key=key) for data in (quiet, falling, at_rest)]
    assert [dict(advert.others)[VIBRATION] for advert in said] == [0, 1, 0]
    assert [advert.counter for advert in said] == [1, 2, 3]
    await detector.stop()
