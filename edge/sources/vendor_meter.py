"""A meter with its maker's own Bluetooth protocol: the events of its sans-IO session, carried out over the link.

Records are on the disk before the write that follows them goes out.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog

from edge.catalogue import LIFESCAN_VERIO_BLE, MICROLIFE_BLE, TAIDOC_GLUCOSE_BLE, TAIDOC_PRESSURE_BLE
from edge.intake import Intake
from edge.sources.gatt_link import GattLink
from protocols.gatt.vendor.microlife.session import MicrolifeSession
from protocols.gatt.vendor.omron.models import MODELS as OMRON_MODELS
from protocols.gatt.vendor.omron.packet import KEY_LENGTH, TOKEN_LENGTH
from protocols.gatt.vendor.omron.session import OmronSession
from protocols.gatt.vendor.session import GattEvent, GattSession, Remembered, SetClockTo, Write
from protocols.gatt.vendor.taidoc import taidoc_glucose_over_gatt, taidoc_pressure_over_gatt
from protocols.gatt.vendor.verio.session import VerioBleSession
from protocols.record import Record
from protocols.serial.session import ClockRead, ClockSet, Finished, Identified, NumberingRestarted, RecordRead, Wait

_log = structlog.get_logger()

SessionMaker = Callable[[Remembered, SetClockTo, bytes], GattSession]
"""Of what is remembered, the time to set, and the key of the configuration (zeros where it has none)."""


def _omron(name: str) -> SessionMaker:
    return lambda remembered, _time, key: OmronSession(
        OMRON_MODELS[name], key, secrets.token_bytes(TOKEN_LENGTH), remembered
    )


SESSION_OF_DRIVER: Mapping[str, SessionMaker] = MappingProxyType(
    {
        LIFESCAN_VERIO_BLE: lambda remembered, set_clock_to, _key: VerioBleSession(remembered, set_clock_to),
        TAIDOC_GLUCOSE_BLE: lambda remembered, _time, _key: taidoc_glucose_over_gatt(remembered),
        TAIDOC_PRESSURE_BLE: lambda remembered, _time, _key: taidoc_pressure_over_gatt(remembered),
        MICROLIFE_BLE: lambda _remembered, set_clock_to, _key: MicrolifeSession(set_clock_to),
        **{name: _omron(name) for name in OMRON_MODELS},
    }
)


async def read_vendor(link: GattLink, intake: Intake, silence_s: float) -> None:  # noqa: ARG001 - every profile's shape
    """All new records of the meter, durable when it returns.

    Raises BleakError, ProtocolError; UnexpectedReply also where the meter lacks the maker's characteristics.
    """
    session = link.session
    remembered = Remembered(session.last_sequence, session.knows_record_at)
    key = session.device.bind_key or bytes(KEY_LENGTH)
    talk = SESSION_OF_DRIVER[session.device.model.driver](remembered, session.time_to_set, key)
    link.need(*talk.notifying)
    await _Conversation(link, intake, talk).run()


class _Conversation:
    def __init__(self, link: GattLink, intake: Intake, talk: GattSession) -> None:
        self._link = link
        self._intake = intake
        self._talk = talk
        self._heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._deadline_s = 0.0
        self._finished = False

    async def run(self) -> None:
        for uuid in self._talk.notifying:
            await self._link.notify(uuid, self._into(uuid))
        await self._carry_out(self._talk.begin())
        while not self._finished:
            heard = await self._next()
            await self._carry_out(self._talk.timed_out() if heard is None else self._talk.receive(*heard))

    async def _next(self) -> tuple[str, bytes] | None:
        """What the meter says next; None when its time is up, which is at once behind a good-bye."""
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0 and self._heard.empty():
            return None
        try:
            return await self._link.next_of(self._heard, left_s)
        except TimeoutError:
            return None

    def _into(self, uuid: str) -> Callable[[bytes], None]:
        return lambda value: self._heard.put_nowait((uuid, value))

    async def _carry_out(self, events: list[GattEvent]) -> None:
        records: list[Record] = []
        for event in events:
            if isinstance(event, RecordRead):
                records.append(event.record)
                continue
            await self._keep(records)
            records = []
            await self._follow(event)
        await self._keep(records)

    async def _follow(self, event: GattEvent) -> None:
        session = self._link.session
        match event:
            case Write(characteristic, value):
                await self._link.write(characteristic, value)
            case Wait(seconds):
                self._deadline_s = time.monotonic() + seconds
            case Identified():
                _log.debug("meter_identified", device=session.device.name, model=event.model)
                if not self._link.serial_number:  # one that tells two numbers goes by the standard one
                    session.identified(event.serial_number)
            case ClockRead(device_time):
                session.clock_read(device_time)
            case ClockSet(device_time):
                session.clock_set(device_time)
            case NumberingRestarted():
                session.sequence_restarted()
            case Finished():
                self._finished = True

    async def _keep(self, records: list[Record]) -> None:
        if records:
            session = self._link.session
            session.is_durable(records, await self._intake.take(session.readings(records)))
