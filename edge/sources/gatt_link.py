"""A connected meter's characteristics, as the profiles need them: read where present, heard in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import IntFlag
from typing import TypeVar

import structlog
from bleak import BleakClient
from bleak.exc import BleakError

from edge.intake import Intake
from edge.sources.meter_session import MeterSession
from protocols.errors import ProtocolError, UnexpectedReply
from protocols.gatt import uuids
from protocols.gatt.battery import decode_battery_level
from protocols.gatt.blood_pressure_feature import decode_blood_pressure_feature
from protocols.gatt.current_time import AdjustReason, decode_current_time, encode_current_time
from protocols.gatt.date_time import decode_date_time, encode_date_time
from protocols.gatt.device_information import decode_text
from protocols.gatt.glucose_feature import decode_glucose_feature

_log = structlog.get_logger()

T = TypeVar("T")


_ABOUT = {
    "maker": uuids.MANUFACTURER_NAME,
    "model": uuids.MODEL_NUMBER,
    "firmware": uuids.FIRMWARE_REVISION,
}
_FEATURES: dict[str, tuple[str, Callable[[bytes], IntFlag]]] = {
    "glucose_feature": (uuids.GLUCOSE_FEATURE, decode_glucose_feature),
    "pressure_feature": (uuids.BLOOD_PRESSURE_FEATURE, decode_blood_pressure_feature),
}


def _encode_adjusted(at: datetime) -> bytes:
    return encode_current_time(at, AdjustReason.EXTERNAL_REFERENCE)


class LinkLost(BleakError):
    """The meter went away in the middle."""


class GattLink:
    def __init__(self, client: BleakClient, session: MeterSession, lost: asyncio.Event) -> None:
        self.session = session
        self._client = client
        self._lost = lost
        self.serial_number = ""
        """By the Device Information Service; empty where it tells none."""

    def has(self, characteristic: str) -> bool:
        return self._client.services.get_characteristic(characteristic) is not None

    def need(self, *characteristics: str) -> None:
        """Raises UnexpectedReply with a sentence where the meter lacks one: it is another model."""
        for characteristic in characteristics:
            if not self.has(characteristic):
                title = self.session.device.model.title
                raise UnexpectedReply(f"it lacks the characteristic {characteristic}, so it is not: {title}")

    async def notify(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        await self._client.start_notify(characteristic, lambda _sender, data: heard(bytes(data)))

    async def hush(self, characteristic: str) -> None:
        """Ends the subscription, which a bonded meter would otherwise remember: at the next connection it would speak
        before anybody listens."""
        try:
            await self._client.stop_notify(characteristic)
        except (BleakError, OSError, EOFError) as error:
            _log.debug("not_hushed", device=self.session.device.name, problem=str(error))

    async def write(self, characteristic: str, data: bytes) -> None:
        await self._client.write_gatt_char(characteristic, data, response=True)

    async def next_of(self, queue: "asyncio.Queue[T]", within_s: float) -> T:
        """The next thing that the meter says.

        Raises TimeoutError after `within_s` of silence, LinkLost when the link broke and nothing is left to hear.
        """
        if not queue.empty():
            return queue.get_nowait()
        word = asyncio.ensure_future(queue.get())
        broken = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({word, broken}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if word.done():
                return word.result()
            if broken.done():
                raise LinkLost("the meter ended the connection")
            raise TimeoutError(f"the meter said nothing for {within_s:.0f} s")
        finally:
            word.cancel()
            broken.cancel()

    async def introduce(self, intake: Intake) -> None:
        """Who it is, what it can, how full its battery is, what its clock says; each only where it tells."""
        self.serial_number = await self._read(uuids.SERIAL_NUMBER, decode_text) or ""
        if self.serial_number:
            self.session.identified(self.serial_number)
        about = {name: await self._read(uuid, decode_text) for name, uuid in _ABOUT.items()}
        features = {name: await self._read(uuid, decode) for name, (uuid, decode) in _FEATURES.items()}
        known = {name: str(told) for name, told in {**about, **features}.items() if told is not None}
        _log.debug("meter_introduced", device=self.session.device.name, **known)
        battery_percent = await self._read(uuids.BATTERY_LEVEL, decode_battery_level)
        if battery_percent is not None:
            await intake.take(self.session.battery(battery_percent))
        self.session.clock_read(await self._clock())

    async def set_clock(self) -> None:
        """Sets the clock where the configuration asks for it and it is wrong; call it when all was read.

        A meter that refuses keeps its clock: no reading depends on it.
        """
        characteristic, encode = uuids.CURRENT_TIME, _encode_adjusted
        if not self._may_write(characteristic):
            characteristic, encode = uuids.DATE_TIME, encode_date_time
        at = self.session.time_to_set()
        if at is None or not self._may_write(characteristic):
            return
        try:
            await self.write(characteristic, encode(at))
        except BleakError as error:
            _log.warning("clock_not_set", device=self.session.device.name, problem=str(error))
        else:
            self.session.clock_set(at)

    def _may_write(self, characteristic: str) -> bool:
        found = self._client.services.get_characteristic(characteristic)
        return found is not None and "write" in found.properties

    async def _clock(self) -> datetime | None:
        found = await self._read(uuids.CURRENT_TIME, decode_current_time)
        return found if found is not None else await self._read(uuids.DATE_TIME, decode_date_time)

    async def _read(self, characteristic: str, decode: Callable[[bytes], T]) -> T | None:
        if not self.has(characteristic):
            return None
        try:
            return decode(bytes(await self._client.read_gatt_char(characteristic)))
        except (BleakError, ProtocolError) as error:
            # none of these decides about a reading: a meter that does not let them be read is still read
            _log.debug("not_told", device=self.session.device.name, characteristic=characteristic, problem=str(error))
            return None
