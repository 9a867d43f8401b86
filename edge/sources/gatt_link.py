"""A connected meter's characteristics, as the profiles need them: read where present, heard in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from bleak import BleakClient
from bleak.exc import BleakError

from edge.figures import Figures
from edge.sources.meter_session import MeterSession
from protocols.errors import ProtocolError
from protocols.gatt import uuids
from protocols.gatt.battery import decode_battery_level
from protocols.gatt.current_time import decode_current_time
from protocols.gatt.date_time import decode_date_time
from protocols.gatt.device_information import decode_text

_log = structlog.get_logger()

T = TypeVar("T")


class LinkLost(BleakError):
    """The meter went away in the middle."""


class GattLink:
    def __init__(self, client: BleakClient, session: MeterSession, lost: asyncio.Event) -> None:
        self.session = session
        self._client = client
        self._lost = lost

    def has(self, characteristic: str) -> bool:
        return self._client.services.get_characteristic(characteristic) is not None

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

    async def introduce(self, figures: Figures) -> None:
        """Who it is, how full its battery is, what its clock says; each only where it tells."""
        serial_number = await self._read(uuids.SERIAL_NUMBER, decode_text)
        if serial_number:
            self.session.identified(serial_number)
        battery_percent = await self._read(uuids.BATTERY_LEVEL, decode_battery_level)
        if battery_percent is not None:
            figures.battery(self.session.device.name, battery_percent)
        self.session.clock_read(await self._clock())

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
