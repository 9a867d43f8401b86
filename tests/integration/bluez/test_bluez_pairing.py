"""Pairing, bonds, and what happens when one side has lost them."""

import asyncio
import json
import stat

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError
from dbus_fast import DBusError

from tests.integration.bluez.conftest import (
    ADAPTER_PATH,
    BONDED_UUID,
    METER,
    PASSKEY_UUID,
    SERVICE_DATA,
    Home,
    Meter,
    call,
    device_properties,
    find,
    path_of,
    within,
)

pytestmark = pytest.mark.integration
PASSKEY = 314159


@pytest.fixture
async def locked_meter(home: Home) -> Meter:
    """A meter that pairs by passkey."""
    meter = await home.create_meter(passkey=PASSKEY)
    await meter.advertise(SERVICE_DATA)
    return meter


async def pair_and_read(uuid: str = BONDED_UUID) -> bytes:
    async with BleakClient(await find(), pair=True) as client:
        return bytes(await client.read_gatt_char(uuid))


async def test_just_works_with_an_agent(home: Home, meter: Meter) -> None:
    agent = await home.create_agent(None)
    assert await pair_and_read() == b"for the bonded"
    assert agent.asked == []
    properties = await device_properties(await home.create_bus())
    assert (properties["Paired"], properties["Bonded"]) == (True, True)


async def test_pairing_needs_an_agent(home: Home, meter: Meter) -> None:
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await pair_and_read()


async def test_without_a_bond_nothing_protected_is_given(home: Home, meter: Meter) -> None:
    async with BleakClient(await find()) as client:
        with pytest.raises(BleakDBusError, match="Not paired"):
            await client.read_gatt_char(BONDED_UUID)
        with pytest.raises(BleakDBusError, match="Not paired"):
            await client.start_notify(BONDED_UUID, lambda _c, _v: None)


async def test_protected_read_pairs_by_itself_when_the_agent_consents(home: Home, meter: Meter) -> None:
    agent = await home.create_agent(None)
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(BONDED_UUID) == b"for the bonded"
    assert agent.asked == ["RequestAuthorization"]


async def test_right_passkey(home: Home, locked_meter: Meter) -> None:
    agent = await home.create_agent(PASSKEY)
    assert await pair_and_read(PASSKEY_UUID) == b"for the known"
    assert agent.asked == ["RequestPasskey"]


async def test_wrong_passkey_is_refused_and_the_right_one_taken_after(home: Home, locked_meter: Meter) -> None:
    agent = await home.create_agent(PASSKEY + 1)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await pair_and_read()
    assert agent.asked == ["RequestPasskey"]
    assert (await device_properties(await home.create_bus()))["Paired"] is False
    await home.create_agent(PASSKEY)
    assert await pair_and_read() == b"for the bonded"


async def test_refusing_agent(home: Home, locked_meter: Meter) -> None:
    await home.create_agent(None)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await pair_and_read()


async def test_just_works_does_not_open_what_needs_a_passkey(home: Home, meter: Meter) -> None:
    await home.create_agent(PASSKEY)
    async with BleakClient(await find(), pair=True) as client:
        with pytest.raises(BleakDBusError, match="Not paired"):
            await client.read_gatt_char(PASSKEY_UUID)


async def test_bond_survives_a_restart(home: Home, locked_meter: Meter) -> None:
    await home.create_agent(PASSKEY)
    await pair_and_read()
    file = home.folder / "bonds.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await home.stop_bluez()
    await home.start_bluez()
    properties = await device_properties(await home.create_bus())
    assert (properties["Bonded"], properties["Name"]) == (True, "Meter")
    async with BleakClient(await find()) as client:  # no agent any more: the bond alone must do
        assert await client.read_gatt_char(PASSKEY_UUID) == b"for the known"


async def test_pairing_twice_is_refused(home: Home, meter: Meter) -> None:
    await home.create_agent(None)
    await pair_and_read()
    with pytest.raises(DBusError, match="Already Exists"):
        await call(await home.create_bus(), path_of(METER), "org.bluez.Device1.Pair")


async def test_meter_that_lost_its_bond_drops_the_link(home: Home, meter: Meter) -> None:
    await home.create_agent(None)
    await pair_and_read()
    assert meter.device.keystore is not None
    await meter.device.keystore.delete_all()
    with pytest.raises(DBusError, match="le-connection-abort-by-local"):
        await call(await home.create_bus(), path_of(METER), "org.bluez.Device1.Connect")
    with pytest.raises(TimeoutError):  # bleak tries until its own time is up
        await BleakClient(METER, timeout=1.0).connect()
    await BleakClient(await find()).unpair()
    assert await pair_and_read() == b"for the bonded"


async def test_removed_device_is_a_stranger_again(home: Home, meter: Meter) -> None:
    await home.create_agent(None)
    await pair_and_read()
    bus = await home.create_bus()
    await call(bus, ADAPTER_PATH, "org.bluez.Adapter1.RemoveDevice", "o", path_of(METER))
    with pytest.raises(DBusError, match="Does Not Exist"):
        await call(bus, ADAPTER_PATH, "org.bluez.Adapter1.RemoveDevice", "o", path_of(METER))
    assert METER not in str(json.loads((home.folder / "bonds.json").read_text()))
    await find()
    assert (await device_properties(bus))["Paired"] is False


async def test_pairing_can_be_cancelled(home: Home, locked_meter: Meter) -> None:
    agent = await home.create_silent_agent()
    bus = await home.create_bus()
    await find()
    pairing = asyncio.create_task(call(bus, path_of(METER), "org.bluez.Device1.Pair"))
    await within(agent.called.wait())
    await call(await home.create_bus(), path_of(METER), "org.bluez.Device1.CancelPairing")
    with pytest.raises(DBusError, match="Authentication Canceled"):
        await within(pairing)


async def test_meter_asks_for_security_by_itself(home: Home, meter: Meter) -> None:
    await home.create_agent(None)
    bonded = asyncio.Event()
    meter.device.on("connection", lambda connection: connection.on("pairing", lambda _keys: bonded.set()))
    meter.device.on("connection", lambda connection: connection.request_pairing())
    async with BleakClient(await find()) as client:
        await within(bonded.wait())
        assert await client.read_gatt_char(BONDED_UUID) == b"for the bonded"
