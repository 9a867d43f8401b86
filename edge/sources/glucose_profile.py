"""A glucometer with the Bluetooth Glucose Service: subscribe, ask for what is new, keep it, let go.

The three subscriptions stand before the first question (Glucose Profile 1.0, section 4.4). Records are asked for from
the last sequence number on that is safe on the disk; where the meter has nothing newer, its last record tells whether
it began to count anew.
"""

import asyncio
from collections.abc import Callable

import structlog

from edge.intake import Intake
from edge.sources.gatt_link import GattLink
from protocols.errors import ProtocolError, UnexpectedReply
from protocols.gatt import uuids
from protocols.gatt.glucose import GlucoseMeasurement, decode_glucose_measurement
from protocols.gatt.glucose_context import GlucoseContext, decode_glucose_context
from protocols.gatt.record_access import (
    REPORT_ALL,
    REPORT_LAST,
    RecordAccessAnswer,
    RecordAccessCommand,
    RecordAccessResponse,
    ResponseCode,
    decode_record_access_answer,
    encode_record_access_command,
    report_from,
)
from protocols.record import Record

_log = structlog.get_logger()

ANSWER_WITHIN_S = 30.0
"""The profile's own limit for a procedure, counted from the last thing heard."""
HIGHEST_SEQUENCE = 0xFFFF
BATCH = 50

_Heard = GlucoseMeasurement | GlucoseContext | RecordAccessAnswer | ProtocolError


async def read_glucose(link: GattLink, intake: Intake, silence_s: float) -> None:  # noqa: ARG001 - every profile's shape
    """All new records of the meter, durable when it returns. Raises BleakError, ProtocolError or TimeoutError."""
    heard: asyncio.Queue[_Heard] = asyncio.Queue()
    await link.notify(uuids.GLUCOSE_MEASUREMENT, _into(heard, decode_glucose_measurement))
    if link.has(uuids.GLUCOSE_MEASUREMENT_CONTEXT):
        await link.notify(uuids.GLUCOSE_MEASUREMENT_CONTEXT, _into(heard, decode_glucose_context))
    await link.notify(uuids.RECORD_ACCESS_CONTROL_POINT, _into(heard, decode_record_access_answer))
    procedure = _Procedure(link, intake, heard)
    last = link.session.last_sequence
    if last is None or last >= HIGHEST_SEQUENCE:
        await procedure.ask(REPORT_ALL)
        return
    answer = await procedure.ask(report_from(last + 1))
    if answer.code == ResponseCode.NO_RECORDS_FOUND:
        highest = await procedure.highest_of(REPORT_LAST)
        if highest is not None and highest < last:
            _log.warning("sequence_restarted", device=link.session.device.name)
            link.session.sequence_restarted()
            await procedure.ask(REPORT_ALL)
    elif not answer.succeeded:
        await procedure.ask(REPORT_ALL)  # a meter that knows no filter: what it says again is known by its key


def _into(heard: "asyncio.Queue[_Heard]", decode: Callable[[bytes], _Heard]) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        try:
            heard.put_nowait(decode(data))
        except ProtocolError as error:
            heard.put_nowait(error)

    return take


class _Procedure:
    """One question to the control point, and everything that comes until its answer."""

    def __init__(self, link: GattLink, intake: Intake, heard: "asyncio.Queue[_Heard]") -> None:
        self._link = link
        self._intake = intake
        self._heard = heard
        self._held: list[GlucoseMeasurement] = []
        self._records: list[Record] = []
        self._sequences: list[int] = []

    async def highest_of(self, command: RecordAccessCommand) -> int | None:
        """Highest sequence number that the answer to `command` brought."""
        await self.ask(command)
        return max(self._sequences, default=None)

    async def ask(self, command: RecordAccessCommand) -> RecordAccessResponse:
        """The meter's answer. What came before it is durable. Raises UnexpectedReply for a refusal that is none of
        "no records" and "not supported"."""
        self._sequences = []
        await self._link.write(uuids.RECORD_ACCESS_CONTROL_POINT, encode_record_access_command(command))
        while True:
            try:
                word = await self._link.next_of(self._heard, ANSWER_WITHIN_S)
            except Exception:
                self._release_held()
                await self._keep()  # what was heard is kept, whatever ends the session
                raise
            if isinstance(word, RecordAccessResponse):
                self._release_held()
                await self._keep()
                return _checked(word)
            self._hear(word)
            if len(self._records) >= BATCH:
                await self._keep()

    def _hear(self, word: _Heard) -> None:
        match word:
            case GlucoseMeasurement():
                self._release_held()
                self._sequences.append(word.sequence)
                self._held.append(word)
                if not word.context_follows:
                    self._release_held()
            case GlucoseContext():
                self._release_held(word)
            case ProtocolError():
                _log.warning("record_refused", device=self._link.session.device.name, problem=str(word))
            case _:
                pass  # a count that nobody asked for

    def _release_held(self, context: GlucoseContext | None = None) -> None:
        """Turns the measurement that waited for its context into a record."""
        for measurement in self._held:
            meal = context.meal if context is not None and context.sequence == measurement.sequence else None
            try:
                self._records.append(measurement.to_record(meal))
            except ProtocolError as error:
                _log.warning("record_refused", device=self._link.session.device.name, problem=str(error))
        self._held = []

    async def _keep(self) -> None:
        records, self._records = self._records, []
        session = self._link.session
        session.is_durable(records, await self._intake.take(session.readings(records)))


_UNDERSTOOD = frozenset(
    {
        ResponseCode.SUCCESS,
        ResponseCode.NO_RECORDS_FOUND,
        ResponseCode.INVALID_OPERATOR,
        ResponseCode.OPERATOR_NOT_SUPPORTED,
        ResponseCode.INVALID_OPERAND,
        ResponseCode.OPERAND_NOT_SUPPORTED,
    }
)


def _checked(answer: RecordAccessResponse) -> RecordAccessResponse:
    if answer.code not in _UNDERSTOOD:
        raise UnexpectedReply(f"the meter refuses to hand its records over (code {answer.code})")
    return answer
