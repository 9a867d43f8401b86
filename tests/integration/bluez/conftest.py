"""One home's Bluetooth with the model of bluetoothd, small meters on the air, and agents on the bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bumble.core import AdvertisingData
from bumble.device import AdvertisingType, Device
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusUInt16, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from firmware_sim.bluez import PrivateBluez
from firmware_sim.bonding import set_pairing
from firmware_sim.radio import Radio

ADAPTER_PATH = "/org/bluez/hci0"
METER = "C0:FF:EE:00:09:01"
OTHER_METER = "C0:FF:EE:00:09:02"
SERVICE_UUID = "0d000001-0000-4000-8000-00805f9b34fb"
OPEN_UUID = "0d000002-0000-4000-8000-00805f9b34fb"
COMMAND_UUID = "0d000003-0000-4000-8000-00805f9b34fb"
NOTIFYING_UUID = "0d000004-0000-4000-8000-00805f9b34fb"
INDICATING_UUID = "0d000005-0000-4000-8000-00805f9b34fb"
BONDED_UUID = "0d000006-0000-4000-8000-00805f9b34fb"
PASSKEY_UUID = "0d000007-0000-4000-8000-00805f9b34fb"
HIDDEN_UUID = "0d000008-0000-4000-8000-00805f9b34fb"

ADVERTISING_MS = 50.0
FLAGS = (AdvertisingData.FLAGS, b"\x06")
SERVICE_DATA = (AdvertisingData.SERVICE_DATA_16_BIT_UUID, b"\xd2\xfc\x40\x01\x64")
MANUFACTURER_DATA = (AdvertisingData.MANUFACTURER_SPECIFIC_DATA, b"\x99\x04\x05")
WITHIN_S = 10.0

_T = TypeVar("_T")
_P, _M = Characteristic.Properties, Characteristic.Permissions
_OPEN = _M.READABLE | _M.WRITEABLE


class Meter:
    """A peripheral with one characteristic of each kind."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.value = b"first"
        self.commands: asyncio.Queue[bytes] = asyncio.Queue()
        note = Descriptor("2901", Descriptor.READABLE, b"what it is")
        stored = CharacteristicValue(read=lambda _c: self.value, write=self._write)
        command = CharacteristicValue(write=lambda _c, value: self.commands.put_nowait(bytes(value)))
        self.notifying = Characteristic[bytes](NOTIFYING_UUID, _P.NOTIFY, _M(0), b"")
        self.indicating = Characteristic[bytes](INDICATING_UUID, _P.INDICATE, _M(0), b"")
        self.bonded = Characteristic[bytes](
            BONDED_UUID, _P.READ | _P.INDICATE, _M.READABLE | _M.READ_REQUIRES_ENCRYPTION, b"for the bonded"
        )
        device.add_service(
            Service(
                SERVICE_UUID,
                [
                    Characteristic[bytes](OPEN_UUID, _P.READ | _P.WRITE, _OPEN, stored, [note]),
                    Characteristic[bytes](COMMAND_UUID, _P.WRITE_WITHOUT_RESPONSE, _M.WRITEABLE, command),
                    Characteristic[bytes](HIDDEN_UUID, _P.READ, _M(0), b"hidden"),
                    Characteristic[bytes](
                        PASSKEY_UUID, _P.READ, _M.READABLE | _M.READ_REQUIRES_AUTHENTICATION, b"for the known"
                    ),
                    self.notifying,
                    self.indicating,
                    self.bonded,
                ],
            )
        )

    def _write(self, _connection: object, value: bytes) -> None:
        self.value = bytes(value)

    async def advertise(self, *structures: tuple[int, bytes], connectable: bool = True) -> None:
        """Advertise these AD structures, and the name in the scan response when there is one."""
        name = (AdvertisingData.COMPLETE_LOCAL_NAME, self.device.name.encode())
        kind = AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE if connectable else AdvertisingType.UNDIRECTED
        await self.device.start_advertising(
            advertising_type=kind,
            auto_restart=True,
            advertising_data=bytes(AdvertisingData([FLAGS, *structures])),
            scan_response_data=bytes(AdvertisingData([name])),
            advertising_interval_min=ADVERTISING_MS,
            advertising_interval_max=ADVERTISING_MS,
        )


@dataclass
class Home:
    """A radio, the model on it, and the environment that bleak reads."""

    radio: Radio
    hci: str
    folder: Path
    set_bus: Callable[[str], None]
    bluez: PrivateBluez | None = None
    buses: list[MessageBus] = field(default_factory=list)

    async def start_bluez(self, temporary_timeout_s: float = 30.0) -> None:
        """Start the model and point bleak at it."""
        self.bluez = await PrivateBluez.start(
            hci=self.hci,
            keystore=self.folder / "bonds.json",
            bus_folder=self.folder / "bus",
            temporary_timeout_s=temporary_timeout_s,
        )
        self.set_bus(self.bluez.bus_address)

    async def stop_bluez(self) -> None:
        """Stop the model."""
        if self.bluez is not None:
            await self.bluez.stop()
            self.bluez = None

    async def create_meter(self, address: str = METER, name: str = "Meter", passkey: int | None = None) -> Meter:
        """Put a meter on the radio; it does not advertise yet."""
        device = await self.radio.peripheral(address, name)
        set_pairing(device, passkey)
        return Meter(device)

    async def create_bus(self) -> MessageBus:
        """Join the private bus as a client of its own."""
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        self.buses.append(bus)
        return bus

    async def create_agent(self, passkey: int | None, capability: str = "KeyboardDisplay") -> "StubbornAgent":
        """Register a default agent that knows one passkey, or refuses when it is asked for one."""
        agent = StubbornAgent(passkey)
        await self._register(agent, capability)
        return agent

    async def create_silent_agent(self) -> "SilentAgent":
        """Register a default agent that never answers."""
        agent = SilentAgent()
        await self._register(agent, "KeyboardDisplay")
        return agent

    async def _register(self, agent: ServiceInterface, capability: str) -> None:
        bus = await self.create_bus()
        bus.export("/test/agent", agent)
        await call(bus, "/org/bluez", "org.bluez.AgentManager1.RegisterAgent", "os", "/test/agent", capability)
        await call(bus, "/org/bluez", "org.bluez.AgentManager1.RequestDefaultAgent", "o", "/test/agent")


class SilentAgent(ServiceInterface):
    """An agent whose user never answers."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Agent1")
        self.called = asyncio.Event()

    @dbus_method(name="RequestPasskey")
    async def request_passkey(self, _device: DBusObjectPath) -> DBusUInt32:
        self.called.set()
        await asyncio.Event().wait()
        return 0


class StubbornAgent(ServiceInterface):
    """An agent that always gives the same answer and remembers what it was asked."""

    def __init__(self, passkey: int | None) -> None:
        super().__init__("org.bluez.Agent1")
        self._passkey = passkey
        self.asked: list[str] = []

    @dbus_method(name="RequestPasskey")
    def request_passkey(self, _device: DBusObjectPath) -> DBusUInt32:
        self.asked.append("RequestPasskey")
        if self._passkey is None:
            raise DBusError("org.bluez.Error.Rejected", "no passkey")
        return self._passkey

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, _device: DBusObjectPath) -> None:
        self.asked.append("RequestAuthorization")

    @dbus_method(name="DisplayPasskey")
    def display_passkey(self, _device: DBusObjectPath, _passkey: DBusUInt32, _entered: DBusUInt16) -> None:
        self.asked.append("DisplayPasskey")


async def call(bus: MessageBus, path: str, method: str, signature: str = "", *body: object) -> list[Any]:
    """Call `interface.Method` of org.bluez and return the reply's body; raise DBusError for an error reply."""
    interface, _, member = method.rpartition(".")
    message = Message("org.bluez", path, interface, member, signature=signature, body=list(body))
    reply = await asyncio.wait_for(bus.call(message), WITHIN_S)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), str(reply.body[0]))
    return list(reply.body)


async def set_power(bus: MessageBus, on: bool) -> None:
    """Switch the adapter."""
    setting = Variant("b", on)
    await call(
        bus, ADAPTER_PATH, "org.freedesktop.DBus.Properties.Set", "ssv", "org.bluez.Adapter1", "Powered", setting
    )


async def device_properties(bus: MessageBus, address: str = METER) -> dict[str, Any]:
    """Return Device1's properties."""
    [properties] = await call(bus, path_of(address), "org.freedesktop.DBus.Properties.GetAll", "s", "org.bluez.Device1")
    return {name: value.value for name, value in properties.items()}


def path_of(address: str) -> str:
    """Return a device's object path."""
    return f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"


async def watch(bus: MessageBus) -> asyncio.Queue[Message]:
    """Return a queue of the signals that org.bluez sends from now on."""
    signals: asyncio.Queue[Message] = asyncio.Queue()
    match = Message(
        "org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus",
        "AddMatch",
        signature="s",
        body=["type='signal',sender='org.bluez'"],
    )
    await bus.call(match)
    bus.add_message_handler(lambda m: signals.put_nowait(m) if m.message_type is MessageType.SIGNAL else None)
    return signals


async def until(signals: asyncio.Queue[Message], member: str, path: str, **changed: object) -> None:
    """Wait for a signal about an object; of PropertiesChanged, for one with these values."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            signal = await signals.get()
            about = signal.body[0] if member.startswith("Interfaces") else signal.path
            if signal.member != member or about != path:
                continue
            values = {name: value.value for name, value in signal.body[1].items()} if changed else {}
            if changed.items() <= values.items():
                return


async def find(address: str = METER) -> BLEDevice:
    """Scan until the device is heard."""
    device = await BleakScanner.find_device_by_address(address, timeout=WITHIN_S)
    assert device is not None, f"{address} was not heard within {WITHIN_S} s"
    return device


async def within(awaitable: Awaitable[_T]) -> _T:
    """Wait for something that must come soon."""
    return await asyncio.wait_for(awaitable, WITHIN_S)


@pytest_asyncio.fixture
async def home(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    """A home with the model running."""
    radio = Radio()
    # Not pytest's tmp_path: its name may be too long for a Unix socket.
    with TemporaryDirectory(prefix="bluez-") as folder:
        home = Home(
            radio,
            await radio.serve_hci(),
            Path(folder),
            lambda address: monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address),
        )
        await home.start_bluez()
        yield home
        for bus in home.buses:
            bus.disconnect()
        await home.stop_bluez()
        await radio.close()


@pytest_asyncio.fixture
async def meter(home: Home) -> Meter:
    """A meter that pairs by Just Works and advertises its service."""
    meter = await home.create_meter()
    await meter.advertise(SERVICE_DATA, MANUFACTURER_DATA)
    return meter
