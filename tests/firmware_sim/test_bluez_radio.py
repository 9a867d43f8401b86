"""The radio: range, strength, advertisements, the dongle and its resets. bumble on both ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from bumble import core
from bumble.device import Advertisement, AdvertisingType, Connection, Device
from bumble.hci import Address, HCI_Error, HCI_ErrorCode, OwnAddressType
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import Transport

from firmware_sim.radio import DONGLE_ADDRESS, Radio

METER = "C0:FF:EE:00:09:11"
WITHIN_S = 5.0


class Client:
    """A host on the dongle."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.device = Device(host=Host(transport.source, transport.sink))
        self.heard: asyncio.Queue[Advertisement] = asyncio.Queue()
        self.device.on(Device.EVENT_ADVERTISEMENT, self.heard.put_nowait)

    async def connect(self, within_s: float = WITHIN_S) -> Connection:
        """Connect to the meter under the public address."""
        return await self.device.connect(Address(METER), own_address_type=OwnAddressType.PUBLIC, timeout=within_s)

    async def next_heard(self) -> Advertisement:
        """Return the next advertisement."""
        return await asyncio.wait_for(self.heard.get(), WITHIN_S)


@pytest_asyncio.fixture
async def home() -> AsyncIterator[Radio]:
    radio = Radio()
    yield radio
    await radio.close()


@pytest_asyncio.fixture
async def meter(home: Radio) -> Device:
    device = await home.peripheral(METER, "Meter")
    await advertise(device)
    return device


async def advertise(device: Device, kind: AdvertisingType = AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE) -> None:
    await device.start_advertising(
        kind,
        auto_restart=True,
        advertising_data=b"\x02\x01\x06",
        scan_response_data=b"\x06\x09Meter",
        advertising_interval_min=30,
        advertising_interval_max=30,
    )


async def create_client(hci: str) -> Client:
    client = Client(await open_transport(hci))
    await client.device.power_on()
    return client


@pytest_asyncio.fixture
async def hci(home: Radio) -> str:
    return await home.serve_hci()


@pytest_asyncio.fixture
async def client(hci: str) -> AsyncIterator[Client]:
    client = await create_client(hci)
    yield client
    await client.transport.close()


async def test_addresses_must_be_static_and_free(home: Radio, meter: Device) -> None:
    with pytest.raises(ValueError, match="not a static random address"):
        await home.peripheral("40:FF:EE:00:09:11", "Meter")
    with pytest.raises(ValueError, match="already on the radio"):
        await home.peripheral(METER, "Meter")


async def test_dongle_has_a_public_address(client: Client) -> None:
    assert client.device.public_address == Address(DONGLE_ADDRESS, Address.PUBLIC_DEVICE_ADDRESS)


async def test_scan_response_is_its_own_data(meter: Device, client: Client) -> None:
    await client.device.start_scanning()
    advertisement = await client.next_heard()
    assert [data for _, data in advertisement.data.ad_structures] == [b"\x06", b"Meter"]
    assert advertisement.is_connectable


async def test_strength_follows_the_place(home: Radio, meter: Device, client: Client) -> None:
    home.place(METER, -83)
    await client.device.start_scanning()
    assert (await client.next_heard()).rssi == -83


async def test_what_is_not_connectable_cannot_be_connected_to(home: Radio, meter: Device, client: Client) -> None:
    await advertise(meter, AdvertisingType.UNDIRECTED)
    await client.device.start_scanning()
    assert not (await client.next_heard()).is_connectable
    with pytest.raises(core.BaseBumbleError):
        await client.connect(within_s=0.2)


async def test_cancelled_attempt_leaves_nothing_behind(home: Radio, meter: Device, client: Client) -> None:
    home.place(METER, None)
    with pytest.raises(core.TimeoutError):
        await client.connect(within_s=0.1)
    home.place(METER, -50)
    assert not client.device.connections
    assert (await client.connect()).peer_address == Address(METER)


async def test_leaving_the_range_ends_the_link_on_both_sides(home: Radio, meter: Device, client: Client) -> None:
    connection = await client.connect()
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    connection.on(Connection.EVENT_DISCONNECTION, ended.set_result)
    home.place(METER, None)
    assert await asyncio.wait_for(ended, WITHIN_S) == HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
    assert not meter.connections


async def test_reset_drops_links_and_scanning(meter: Device, client: Client) -> None:
    await client.connect()
    ended = _next_end(meter)
    await client.device.start_scanning()
    await client.device.host.reset()
    assert await asyncio.wait_for(ended, WITHIN_S) == HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
    await client.device.power_on()
    await client.connect()


async def test_host_that_goes_frees_the_meter_for_the_next_one(hci: str, meter: Device) -> None:
    first = await create_client(hci)
    await first.connect()
    ended = _next_end(meter)
    await first.transport.close()
    await asyncio.wait_for(ended, WITHIN_S)
    second = await create_client(hci)
    await second.connect()
    await second.transport.close()


async def test_new_host_takes_the_dongle_over(hci: str, meter: Device) -> None:
    first, second = await create_client(hci), await create_client(hci)
    await asyncio.wait_for(first.transport.source.terminated, WITHIN_S)
    await second.connect()
    await second.transport.close()


async def test_host_that_speaks_no_hci_is_shown_the_door(hci: str, meter: Device) -> None:
    host, port = hci.removeprefix("tcp-client:").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    with suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), WITHIN_S) == b""
    writer.close()
    client = await create_client(hci)
    await client.connect()
    await client.transport.close()


async def test_advertisement_of_more_than_31_bytes_is_refused(meter: Device) -> None:
    with pytest.raises((HCI_Error, core.BaseBumbleError)):
        await meter.start_advertising(advertising_data=bytes(32))


def _next_end(device: Device) -> "asyncio.Future[int]":
    """Return a future with the reason for which the device's only link ends."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    [connection] = device.connections.values()
    connection.on(Connection.EVENT_DISCONNECTION, ended.set_result)
    return ended
