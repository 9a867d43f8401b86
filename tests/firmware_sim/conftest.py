"""A radio, devices on it, and a plain Bluetooth client that reads them: bumble on both ends, no D-Bus."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from bumble.device import Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate

from firmware_sim.clock import Clock
from firmware_sim.device_clock import DeviceClock
from firmware_sim.radio import Radio
from protocols.simulated_time import TimeScale

WALL = datetime(2026, 11, 22, 8, 0, 0)
REPLY_WITHIN_S = 5.0


@pytest_asyncio.fixture
async def radio() -> AsyncIterator[Radio]:
    radio = Radio()
    yield radio
    await radio.close()


@pytest.fixture
def wall_clock() -> DeviceClock:
    """A meter's clock in a home where it is always eight o'clock."""
    return DeviceClock(lambda: WALL)


def create_clock(speed: float = 1.0) -> Clock:
    """Simulated time that begins at 06:00 UTC now and runs `speed` times as fast."""
    return Clock(TimeScale(datetime(2026, 11, 22, 6, tzinfo=UTC), datetime.now(UTC), speed))


class _Keyboard(PairingDelegate):
    def __init__(self, passkey: int) -> None:
        super().__init__(io_capability=PairingDelegate.IoCapability.KEYBOARD_INPUT_ONLY)
        self._passkey = passkey

    async def get_number(self) -> int | None:
        return self._passkey


class GattClient:
    """A phone, as far as a meter can tell."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._characteristics: dict[str, CharacteristicProxy[bytes]] = {}

    async def connect(self, address: str) -> None:
        self.connection = await asyncio.wait_for(
            self.device.connect(Address(address, Address.RANDOM_DEVICE_ADDRESS)), REPLY_WITHIN_S
        )
        self.peer = Peer(self.connection)
        await self.peer.discover_all()
        self._characteristics = {
            characteristic.uuid.to_hex_str().lower(): characteristic
            for service in self.peer.services
            for characteristic in service.characteristics
        }

    async def pair(self, passkey: int | None = None) -> None:
        delegate = PairingDelegate() if passkey is None else _Keyboard(passkey)
        self.device.pairing_config_factory = lambda _connection: PairingConfig(
            sc=True, mitm=passkey is not None, bonding=True, delegate=delegate
        )
        await asyncio.wait_for(self.connection.pair(), REPLY_WITHIN_S)

    async def subscribe(self, *uuids: str) -> None:
        for uuid in uuids:
            await self.characteristic(uuid).subscribe(self._hear(uuid))

    def _hear(self, uuid: str) -> Callable[[bytes], None]:
        return lambda value: self.heard.put_nowait((uuid, value))

    async def next(self) -> tuple[str, bytes]:
        """UUID and value of what the meter says next."""
        return await asyncio.wait_for(self.heard.get(), REPLY_WITHIN_S)

    async def read(self, uuid: str) -> bytes:
        return await self.characteristic(uuid).read_value()

    async def write(self, uuid: str, value: bytes) -> None:
        await self.characteristic(uuid).write_value(value, with_response=True)

    async def disconnect(self) -> None:
        await self.connection.disconnect()

    def characteristic(self, uuid: str) -> CharacteristicProxy[bytes]:
        """By its 128-bit UUID in lower case."""
        short = self._characteristics.get(uuid[4:8]) if uuid.endswith("-0000-1000-8000-00805f9b34fb") else None
        return short or self._characteristics[uuid.replace("-", "")]


@pytest_asyncio.fixture
async def client(radio: Radio) -> GattClient:
    device = await radio.peripheral("C0:00:00:00:00:99", "client", keystore=MemoryKeyStore())
    return GattClient(device)
