"""A Bluetooth meter with its maker's own protocol: a bonded service whose characteristics carry the maker's frames.

What is said on them is a `GattMeter`'s affair, values in and values out; here are the air, the bond and the memory.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from bumble.att import ATT_Error, AttributeValue, ErrorCode
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, Service

from firmware_sim.bonding import PairingMode, set_pairing
from firmware_sim.peripherals.assigned import on_air
from firmware_sim.peripherals.device_services import (
    NOTIFY,
    WRITE,
    Access,
    Identity,
    battery,
    bonded_access,
    device_information,
)
from firmware_sim.peripherals.meter_advertiser import MeterAdvertiser
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory
from protocols.errors import ProtocolError

_BATTERY_PERCENT = 81
_WRITE_COMMAND = Characteristic.Properties.WRITE_WITHOUT_RESPONSE
_log = structlog.get_logger()


@dataclass(frozen=True)
class Said:
    """One value that the meter notifies."""

    characteristic: str
    value: bytes


class GattMeter(Protocol):
    """A meter as its characteristics see it."""

    service: str
    written: Sequence[str]
    """Characteristics that a client writes to."""
    notified: Sequence[str]
    """Characteristics that speak; one may be in both."""

    @property
    def memory(self) -> GlucoseMemory | PressureMemory: ...

    def receive(self, characteristic: str, value: bytes) -> list[Said]:
        """What it answers. Raises ProtocolError for a value that it cannot read."""
        ...

    def hung_up(self) -> None:
        """The client is gone: what was unfinished is forgotten."""
        ...


class VendorMeter:
    """Runs on `device`, which is powered on; `start` makes it audible."""

    def __init__(
        self,
        device: Device,
        meter: GattMeter,
        identity: Identity,
        *,
        passkey: int | None = None,
        pairing_mode: PairingMode | None = None,
    ) -> None:
        self.device = device
        self.meter = meter
        set_pairing(device, passkey, pairing_mode)
        access = bonded_access(passkey)
        self._characteristics = {uuid: self._characteristic(uuid, access) for uuid in _each(meter)}
        service = Service(on_air(meter.service), list(self._characteristics.values()))
        device.add_services([service, device_information(identity), battery(lambda: _BATTERY_PERCENT)])
        device.on(Device.EVENT_CONNECTION, self._connected)
        self._advertiser = MeterAdvertiser(device, [meter.service], lambda: self.unsent > 0, pairing_mode)
        self._speaking: dict[Connection, asyncio.Task[None]] = {}
        self._to_say: dict[Connection, asyncio.Queue[Said]] = {}

    def start(self) -> None:
        self._advertiser.start()

    async def stop(self) -> None:
        await self._advertiser.stop()
        speaking = list(self._speaking.values())
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)

    @property
    def unsent(self) -> int:
        return len(self.meter.memory.records) - self.meter.memory.handed_over

    def measured(self) -> None:
        """Something was put into the memory just now: be heard at once."""
        self._advertiser.measured()

    def _characteristic(self, uuid: str, access: Access) -> Characteristic[bytes]:
        properties, permissions = Characteristic.Properties(0), access.write
        if uuid in self.meter.written:
            properties |= WRITE | _WRITE_COMMAND
        if uuid in self.meter.notified:
            properties |= NOTIFY

        def write(connection: Connection, value: bytes) -> None:
            try:
                answers = self.meter.receive(uuid, bytes(value))
            except ProtocolError as error:
                _log.info("meter.not_understood", device=str(self.device.random_address), error=str(error))
                raise ATT_Error(ErrorCode.VALUE_NOT_ALLOWED) from error
            for said in answers:
                self._to_say[connection].put_nowait(said)

        return Characteristic(on_air(uuid), properties, permissions, AttributeValue(write=write))

    def _connected(self, connection: Connection) -> None:
        self._to_say[connection] = asyncio.Queue()
        self._speaking[connection] = asyncio.get_running_loop().create_task(self._speak(connection))
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self._disconnected(connection))

    def _disconnected(self, connection: Connection) -> None:
        self._to_say.pop(connection, None)
        task = self._speaking.pop(connection, None)
        if task is not None:
            task.cancel()
        self.meter.hung_up()
        self.meter.memory.save()

    async def _speak(self, connection: Connection) -> None:
        """What the meter says goes out in its order, to a client that listens."""
        queue = self._to_say[connection]
        while True:
            said = await queue.get()
            characteristic = self._characteristics[said.characteristic]
            await self.device.gatt_server.notify_subscriber(connection, characteristic, said.value)


def _each(meter: GattMeter) -> list[str]:
    return list(dict.fromkeys((*meter.written, *meter.notified)))
