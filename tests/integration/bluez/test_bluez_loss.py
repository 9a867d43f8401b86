"""Links, clients, controllers and whole processes that go away."""

import asyncio
import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from bleak import BleakClient
from bleak_retry_connector import BleakClientWithServiceCache, close_stale_connections_by_address, establish_connection
from dbus_fast import DBusError

from tests.integration.bluez.conftest import (
    METER,
    NOTIFYING_UUID,
    OPEN_UUID,
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


async def test_meter_that_leaves_ends_the_link(home: Home, meter: Meter) -> None:
    gone = asyncio.Event()
    async with BleakClient(await find(), disconnected_callback=lambda _client: gone.set()) as client:
        home.radio.place(METER, None)
        await within(gone.wait())
        assert not client.is_connected
    home.radio.place(METER, -60)
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"


async def test_meter_that_hangs_up_ends_the_link(home: Home, meter: Meter) -> None:
    gone = asyncio.Event()
    async with BleakClient(await find(), disconnected_callback=lambda _client: gone.set()):
        [connection] = meter.device.connections.values()
        await connection.disconnect()
        await within(gone.wait())


async def test_connection_attempt_can_be_given_up(home: Home, meter: Meter) -> None:
    device = await find()
    home.radio.place(METER, None)
    with pytest.raises(TimeoutError):
        await BleakClient(device, timeout=0.5).connect()
    home.radio.place(METER, -60)
    async with BleakClient(device) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"


async def test_waiting_for_one_meter_does_not_keep_the_others(home: Home, meter: Meter) -> None:
    absent = await home.create_meter("C0:FF:EE:00:09:03")
    await absent.advertise()
    device = await find("C0:FF:EE:00:09:03")
    home.radio.place("C0:FF:EE:00:09:03", None)
    waiting = asyncio.create_task(BleakClient(device).connect())
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"
    home.radio.place("C0:FF:EE:00:09:03", -60)
    await within(waiting)


async def test_power_cycle_drops_links_and_heals(home: Home, meter: Meter) -> None:
    bus = await home.create_bus()
    gone = asyncio.Event()
    async with BleakClient(await find(), disconnected_callback=lambda _client: gone.set()):
        await set_power(bus, False)
        await within(gone.wait())
    await set_power(bus, True)
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"


async def test_killed_client_leaves_a_link_that_the_next_one_can_close(home: Home, meter: Meter) -> None:
    """bluetoothd keeps the link of a client that died: whoever comes next must close it, and then hears the meter."""
    await find()
    signals = await watch(bus := await home.create_bus())
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", _CLIENT, METER, NOTIFYING_UUID)
    notifying_path = path_of(METER)
    await until(signals, "PropertiesChanged", notifying_path, ServicesResolved=True)
    await _until_subscribed(meter)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    assert (await device_properties(bus))["Connected"] is True
    await _until_unsubscribed(meter)
    await within(close_stale_connections_by_address(METER))
    await until(signals, "PropertiesChanged", path_of(METER), Connected=False)
    client = await within(establish_connection(BleakClientWithServiceCache, await find(), METER))
    assert await client.read_gatt_char(OPEN_UUID) == b"first"
    await client.disconnect()


_CLIENT = """
import asyncio, sys
from bleak import BleakClient
async def main():
    async with BleakClient(sys.argv[1]) as client:
        await client.start_notify(sys.argv[2], print)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def _subscription(meter: Meter, wanted: bool) -> None:
    changed = asyncio.Event()

    def on_change(_connection: object, notify: bool, _indicate: bool) -> None:
        if notify == wanted:
            changed.set()

    meter.notifying.on("subscription", on_change)
    [cccds] = meter.device.gatt_server.subscribers.values() or [{}]
    if bool(cccds.get(meter.notifying.handle, b"\0\0")[0]) != wanted:
        await within(changed.wait())


async def _until_subscribed(meter: Meter) -> None:
    await _subscription(meter, True)


async def _until_unsubscribed(meter: Meter) -> None:
    await _subscription(meter, False)


@pytest_asyncio.fixture
async def process(home: Home) -> AsyncIterator[asyncio.subprocess.Process]:
    """The model as a process of its own instead of the one inside the test."""
    await home.stop_bluez()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "firmware_sim.bluez",
        "--hci",
        home.hci,
        "--keystore",
        str(home.folder / "bonds.json"),
        "--bus-folder",
        str(home.folder / "bus"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    home.set_bus(json.loads(await within(process.stdout.readline()))["bus_address"])
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def daemons(folder: Path) -> list[int]:
    """Return the processes that run a bus in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if f"--config-file={folder}/bus.conf".encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


async def test_process_ends_cleanly(home: Home, meter: Meter, process: asyncio.subprocess.Process) -> None:
    async with BleakClient(await find()) as client:
        assert await client.read_gatt_char(OPEN_UUID) == b"first"
    process.terminate()
    assert await within(process.wait()) == 0
    assert daemons(home.folder / "bus") == []


async def test_killed_process_takes_its_bus_along_and_frees_the_meter(
    home: Home, meter: Meter, process: asyncio.subprocess.Process
) -> None:
    gone = asyncio.Event()
    client = BleakClient(await find(), disconnected_callback=lambda _client: gone.set())
    await client.connect()
    [daemon] = daemons(home.folder / "bus")
    bus_ends = asyncio.get_running_loop().run_in_executor(None, _wait_for_end, daemon)
    process.kill()
    await within(gone.wait())
    await within(bus_ends)
    await home.start_bluez()
    async with BleakClient(await find()) as again:
        assert await again.read_gatt_char(OPEN_UUID) == b"first"


def _wait_for_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError), os.fdopen(os.pidfd_open(pid)) as ended:
        select.select([ended], [], [], 10)


async def test_process_says_that_the_controller_has_gone(home: Home, process: asyncio.subprocess.Process) -> None:
    await home.radio.close()
    assert await within(process.wait()) == 1
    assert process.stderr is not None
    assert b"has gone" in await process.stderr.read()


async def test_process_says_that_there_is_no_controller(home: Home) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "firmware_sim.bluez",
        "--hci",
        "tcp-client:127.0.0.1:1",
        "--keystore",
        str(home.folder / "b"),
        "--bus-folder",
        str(home.folder / "c"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await within(process.communicate())
    assert process.returncode == 1
    assert "no Bluetooth controller at tcp-client:127.0.0.1:1" in complaint.decode()


async def test_disconnecting_a_stranger(home: Home, meter: Meter) -> None:
    await find()
    with pytest.raises(DBusError, match="Not Connected"):
        await call(await home.create_bus(), path_of(METER), "org.bluez.Device1.Disconnect")
