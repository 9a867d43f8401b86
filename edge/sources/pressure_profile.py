"""A cuff with the Bluetooth Blood Pressure Service: it hands over what it has as soon as one listens.

Many cuffs erase a record once it was confirmed, and bluetoothd confirms before we hear of it. So each indication goes
to the disk as it comes, and the link is kept until nothing is in hand. The pressure of a cuff that is just tightening
(Intermediate Cuff Pressure) is no measurement and not listened to.
"""

import asyncio

import structlog

from edge.intake import Intake
from edge.sources.gatt_link import GattLink, LinkLost
from protocols.errors import ProtocolError
from protocols.gatt import uuids
from protocols.gatt.blood_pressure import decode_blood_pressure_measurement
from protocols.record import Record

_log = structlog.get_logger()


async def read_pressure(link: GattLink, intake: Intake, silence_s: float) -> None:
    """All that the cuff has, durable when it returns: it ends the link, or says nothing for `silence_s`."""
    link.need(uuids.BLOOD_PRESSURE_MEASUREMENT)
    heard: asyncio.Queue[Record] = asyncio.Queue()
    device = link.session.device.name

    def take(data: bytes) -> None:
        try:
            heard.put_nowait(decode_blood_pressure_measurement(data).to_record())
        except ProtocolError as error:
            _log.warning("record_refused", device=device, problem=str(error))

    await link.notify(uuids.BLOOD_PRESSURE_MEASUREMENT, take)
    while True:
        try:
            first = await link.next_of(heard, silence_s)
        except LinkLost:
            return
        except TimeoutError:
            break
        await _keep(link, intake, [first, *_waiting(heard)])
    await link.hush(uuids.BLOOD_PRESSURE_MEASUREMENT)
    await _keep(link, intake, _waiting(heard))
    await link.set_clock()


def _waiting(heard: asyncio.Queue[Record]) -> list[Record]:
    return [heard.get_nowait() for _ in range(heard.qsize())]


async def _keep(link: GattLink, intake: Intake, records: list[Record]) -> None:
    new = await intake.take(link.session.readings(records))
    link.session.is_durable(records, new)
