"""Reading, writing and listening through BleakClient."""

import asyncio

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError, BleakGATTProtocolError, BleakGATTProtocolErrorCode

from tests.integration.bluez.conftest import (
    COMMAND_UUID,
    HIDDEN_UUID,
    INDICATING_UUID,
    METER,
    NOTIFYING_UUID,
    OPEN_UUID,
    OTHER_METER,
    SERVICE_DATA,
    SERVICE_UUID,
    Home,
    Meter,
    find,
    within,
)

pytestmark = pytest.mark.integration


async def test_client_sees_services_without_cccds(meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        service = client.services.get_service(SERVICE_UUID)
        assert service is not None
        assert {c.uuid: c.properties for c in service.characteristics}[INDICATING_UUID] == ["indicate"]
        descriptors = [d.uuid for c in service.characteristics for d in c.descriptors]
        assert descriptors == ["00002901-0000-1000-8000-00805f9b34fb"]
        [handle] = [d.handle for c in service.characteristics for d in c.descriptors]
        assert await client.read_gatt_descriptor(handle) == b"what it is"


async def test_client_reads_and_writes(meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"
        await client.write_gatt_char(OPEN_UUID, b"second", response=True)
        assert meter.value == b"second"
        await client.write_gatt_char(COMMAND_UUID, b"third", response=False)
        assert await within(meter.commands.get()) == b"third"


async def test_values_longer_than_a_packet(meter: Meter) -> None:
    value = bytes(range(256)) * 2
    async with BleakClient(await find()) as client:
        await client.write_gatt_char(OPEN_UUID, value, response=True)
        assert meter.value == value
        assert await client.read_gatt_char(OPEN_UUID) == value


async def test_client_learns_why_a_read_is_refused(meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        with pytest.raises(BleakGATTProtocolError) as refused:
            await client.read_gatt_char(HIDDEN_UUID)
        assert refused.value.code is BleakGATTProtocolErrorCode.READ_NOT_PERMITTED


async def test_write_of_a_kind_that_is_not_offered_is_refused(meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        with pytest.raises(BleakGATTProtocolError):
            await client.write_gatt_char(OPEN_UUID, b"x", response=False)
        assert meter.value == b"first"


async def test_notifications_arrive_in_order_until_stopped(meter: Meter) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with BleakClient(await find()) as client:
        await client.start_notify(NOTIFYING_UUID, lambda _c, value: heard.put_nowait(bytes(value)))
        sent = [number.to_bytes(2, "little") for number in range(100)]
        for value in sent:
            await meter.device.notify_subscribers(meter.notifying, value)
        assert [await within(heard.get()) for _ in sent] == sent
        await client.stop_notify(NOTIFYING_UUID)
        await meter.device.notify_subscribers(meter.notifying, b"unheard")
        assert await client.read_gatt_char(OPEN_UUID) == b"first"  # a round trip behind the notification
        assert heard.empty()


async def test_indications_are_heard_and_confirmed(meter: Meter) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with BleakClient(await find()) as client:
        await client.start_notify(INDICATING_UUID, lambda _c, value: heard.put_nowait(bytes(value)))
        await within(meter.device.indicate_subscribers(meter.indicating, b"120/80"))  # returns when confirmed
        assert await within(heard.get()) == b"120/80"


async def test_listening_to_what_does_not_notify_is_refused(meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        with pytest.raises(BleakDBusError, match="NotSupported"):
            await client.start_notify(OPEN_UUID, lambda _c, _v: None)


async def test_two_meters_at_once(home: Home, meter: Meter) -> None:
    other = await home.create_meter(OTHER_METER, "Other")
    other.value = b"other"
    await other.advertise(SERVICE_DATA)
    devices = [await find(METER), await find(OTHER_METER)]

    async def read(client: BleakClient) -> bytes:
        async with client:
            return bytes(await client.read_gatt_char(OPEN_UUID))

    both = asyncio.gather(*(read(BleakClient(device)) for device in devices))
    assert await within(both) == [b"first", b"other"]


async def test_many_meters_at_once(home: Home) -> None:
    addresses = [f"C0:FF:EE:00:0A:{number:02X}" for number in range(10)]
    for address in addresses:
        await (await home.create_meter(address)).advertise()
    devices = [await find(address) for address in addresses]

    async def read(client: BleakClient) -> bytes:
        async with client:
            return bytes(await client.read_gatt_char(OPEN_UUID))

    every = asyncio.gather(*(read(BleakClient(device)) for device in devices))
    assert await within(every) == [b"first"] * 10
