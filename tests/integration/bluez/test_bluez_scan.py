"""What a BleakScanner hears."""

import asyncio

import pytest
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bumble.core import AdvertisingData
from dbus_fast import DBusError

from tests.integration.bluez.conftest import (
    ADAPTER_PATH,
    METER,
    OTHER_METER,
    SERVICE_DATA,
    WITHIN_S,
    Home,
    Meter,
    call,
    device_properties,
    find,
    path_of,
    set_power,
    until,
    watch,
    within,
)

pytestmark = pytest.mark.integration
BTHOME = "0000fcd2-0000-1000-8000-00805f9b34fb"


async def hear(address: str, count: int = 1) -> list[AdvertisementData]:
    """Return the next advertisements of one device."""
    heard: list[AdvertisementData] = []
    async with asyncio.timeout(WITHIN_S), BleakScanner() as scanner:
        async for device, advertisement in scanner.advertisement_data():
            if device.address == address:
                heard.append(advertisement)
            if len(heard) == count:
                break
    return heard


async def test_scan_hears_name_data_and_strength(home: Home, meter: Meter) -> None:
    home.radio.place(METER, -71)
    [advertisement] = await hear(METER)
    assert advertisement.local_name == "Meter"
    assert advertisement.service_data == {BTHOME: b"\x40\x01\x64"}
    assert advertisement.manufacturer_data == {0x0499: b"\x05"}
    assert advertisement.rssi == -71


async def test_unchanged_advertisements_are_heard_each_time(meter: Meter) -> None:
    assert len(await hear(METER, count=3)) == 3


async def test_scan_hears_what_cannot_be_connected_to(home: Home) -> None:
    sensor = await home.create_meter(OTHER_METER)
    await sensor.advertise(SERVICE_DATA, connectable=False)
    [advertisement] = await hear(OTHER_METER)
    assert advertisement.service_data == {BTHOME: b"\x40\x01\x64"}
    assert advertisement.local_name is None


async def test_new_data_replaces_old(home: Home, meter: Meter) -> None:
    await hear(METER)
    await meter.advertise((AdvertisingData.SERVICE_DATA_16_BIT_UUID, b"\xd2\xfc\x40\x01\x63"))
    async with asyncio.timeout(WITHIN_S):
        while (await hear(METER))[0].service_data[BTHOME] != b"\x40\x01\x63":
            pass


async def test_malformed_advertisement_harms_nobody(home: Home, meter: Meter) -> None:
    liar = await home.create_meter(OTHER_METER)
    await liar.device.start_advertising(
        advertising_data=bytes.fromhex("02011e 01 16 03 ff 99 02 09 ff 1f 16 d2 fc".replace(" ", "")),
        scan_response_data=b"\xff\xff",
        advertising_interval_min=20,
        advertising_interval_max=20,
    )
    await hear(OTHER_METER)
    await hear(METER, count=2)


async def test_service_filter_is_kept(home: Home, meter: Meter) -> None:
    listed = await home.create_meter(OTHER_METER, "Listed")
    await listed.advertise((AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"\x08\x18"))
    heard: set[str] = set()
    first = asyncio.Event()

    def on_heard(device: BLEDevice, _advertisement: AdvertisementData) -> None:
        heard.add(device.address)
        first.set()

    async with BleakScanner(on_heard, service_uuids=["00001808-0000-1000-8000-00805f9b34fb"]):
        await within(first.wait())
    assert heard == {OTHER_METER}


async def test_silent_stranger_is_forgotten(home: Home) -> None:
    await home.stop_bluez()
    await home.start_bluez(temporary_timeout_s=0.3)
    meter = await home.create_meter()
    await meter.advertise()
    signals = await watch(await home.create_bus())
    await find()
    home.radio.place(METER, None)
    await until(signals, "InterfacesRemoved", path_of(METER))


async def test_discovery_ends_with_its_client(home: Home, meter: Meter) -> None:
    signals = await watch(await home.create_bus())
    client = await home.create_bus()
    await call(client, ADAPTER_PATH, "org.bluez.Adapter1.StartDiscovery")
    with pytest.raises(DBusError, match="already in progress"):
        await call(client, ADAPTER_PATH, "org.bluez.Adapter1.StartDiscovery")
    await until(signals, "PropertiesChanged", ADAPTER_PATH, Discovering=True)
    client.disconnect()
    await until(signals, "PropertiesChanged", ADAPTER_PATH, Discovering=False)


async def test_strength_is_unknown_when_discovery_has_ended(home: Home, meter: Meter) -> None:
    bus = await home.create_bus()
    await call(bus, ADAPTER_PATH, "org.bluez.Adapter1.StartDiscovery")
    await find()
    assert (await device_properties(bus))["RSSI"] == -50
    await call(bus, ADAPTER_PATH, "org.bluez.Adapter1.StopDiscovery")
    assert "RSSI" not in await device_properties(bus)


async def test_adapter_that_is_off_does_not_scan(home: Home, meter: Meter) -> None:
    bus = await home.create_bus()
    await set_power(bus, False)
    with pytest.raises(DBusError, match="Resource Not Ready"):
        await call(bus, ADAPTER_PATH, "org.bluez.Adapter1.StartDiscovery")
    await set_power(bus, True)
    await find()


async def test_objects_can_be_introspected(home: Home) -> None:
    bus = await home.create_bus()
    node = await within(bus.introspect("org.bluez", ADAPTER_PATH))
    assert "org.bluez.Adapter1" in {interface.name for interface in node.interfaces}
    root = await within(bus.introspect("org.bluez", "/org"))
    assert [child.name for child in root.nodes] == ["bluez"]
