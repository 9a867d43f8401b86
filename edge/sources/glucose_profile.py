"""A glucometer with the Bluetooth Glucose Service: subscribe, ask for what is new, keep it, let go.

The three subscriptions stand before the first question (Glucose Profile 1.0, section 4.4). Records are asked for from
the last one on that is safe on the disk, that one included: it tells whether the meter's numbers still mean the same.
Nothing is deleted unless the configuration says so.
"""

import asyncio
from collections.abc import Callable

import structlog
from bleak.exc import BleakGATTProtocolError, BleakGATTProtocolErrorCode

from edge.intake import Intake
from edge.sources.gatt_link import GattLink
from protocols.errors import ProtocolError, UnexpectedReply
from protocols.gatt import uuids
from protocols.gatt.glucose import GlucoseMeasurement, decode_glucose_measurement
from protocols.gatt.glucose_context import GlucoseContext, decode_glucose_context
from protocols.gatt.record_access import (
    COUNT_ALL,
    REPORT_ALL,
    RecordAccessAnswer,
    RecordAccessCommand,
    RecordAccessResponse,
    RecordCount,
    ResponseCode,
    count_from,
    decode_record_access_answer,
    delete_through,
    encode_record_access_command,
    report_from,
)
from protocols.record import Record

_log = structlog.get_logger()

ANSWER_WITHIN_S = 30.0
"""The profile's own limit for a procedure, counted from the last thing heard."""
COUNT_WITHIN_S = 5.0
"""A meter that does not count is read all the same."""
BUSY_TRIES, BUSY_S = 5, 0.2
HIGHEST_SEQUENCE = 0xFFFF
BATCH = 50

_Heard = GlucoseMeasurement | GlucoseContext | RecordAccessAnswer | ProtocolError


async def read_glucose(link: GattLink, intake: Intake, silence_s: float) -> None:  # noqa: ARG001 - every profile's shape
    """All new records of the meter, durable when it returns. Raises BleakError, ProtocolError or TimeoutError."""
    link.need(uuids.GLUCOSE_MEASUREMENT, uuids.RECORD_ACCESS_CONTROL_POINT)
    heard: asyncio.Queue[_Heard] = asyncio.Queue()
    await link.notify(uuids.GLUCOSE_MEASUREMENT, _into(heard, decode_glucose_measurement))
    if link.has(uuids.GLUCOSE_MEASUREMENT_CONTEXT):
        await link.notify(uuids.GLUCOSE_MEASUREMENT_CONTEXT, _into(heard, decode_glucose_context))
    await link.notify(uuids.RECORD_ACCESS_CONTROL_POINT, _into(heard, decode_record_access_answer))
    procedure = _Procedure(link, intake, heard)
    if not await procedure.goes_on_from(link.session.last_sequence):
        await procedure.report(REPORT_ALL, COUNT_ALL)
    if link.session.device.erase_after_read:
        await procedure.erase()
    await link.set_clock()


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
        self._measurements = 0
        self._highest: int | None = None
        self._looking_for: int | None = None
        self._is_known = False

    async def goes_on_from(self, last: int | None) -> bool:
        """Reads what is new since the record `last`, and says whether that was all there is to read.

        That record itself is asked for too: only where the meter still has it, and it is the one that we have, do its
        numbers go on from there. Otherwise the memory was wiped, or counts from the beginning again, and a new record
        may bear any number.
        """
        if last is None or last >= HIGHEST_SEQUENCE:
            return False
        answer = await self.report(report_from(last), count_from(last), looking_for=last)
        if answer.succeeded and self._is_known:
            return True
        if answer.succeeded or answer.code == ResponseCode.NO_RECORDS_FOUND:
            _log.warning("sequence_restarted", device=self._link.session.device.name)
            self._link.session.sequence_restarted()
        return False

    async def report(
        self, command: RecordAccessCommand, count: RecordAccessCommand, looking_for: int | None = None
    ) -> RecordAccessResponse:
        """All that the meter has for `command`, durable. `count` asks how many that are.

        Where fewer came, the next session reads the whole memory.
        Raises UnexpectedReply for a refusal that is none of "no records" and "not supported".
        """
        announced = await self._count(count)
        self._looking_for, self._is_known = looking_for, False
        self._measurements = 0
        answer = _checked(await self._ask(command))
        if answer.succeeded and announced is not None and self._measurements < announced:
            session, told = self._link.session, self._measurements
            _log.warning("records_missing", device=session.device.name, announced=announced, told=told)
            session.sequence_restarted()
        return answer

    async def erase(self) -> None:
        """Deletes what came and is durable, and nothing that was measured meanwhile."""
        if self._highest is None:
            return
        session = self._link.session
        answer = await self._ask(delete_through(self._highest))
        if answer.succeeded:
            session.sequence_restarted()
            _log.info("meter_erased", device=session.device.name, through=self._highest)
        else:
            _log.warning("meter_not_erased", device=session.device.name, code=answer.code)

    async def _count(self, command: RecordAccessCommand) -> int | None:
        """None where the meter does not tell."""
        await self._command(command)
        try:
            while True:
                word = await self._link.next_of(self._heard, COUNT_WITHIN_S)
                if isinstance(word, RecordCount):
                    return word.count
                if isinstance(word, RecordAccessResponse):
                    return None
                self._hear(word)  # nothing that a meter says is thrown away
        except TimeoutError:
            return None

    async def _ask(self, command: RecordAccessCommand) -> RecordAccessResponse:
        """The meter's answer. What came before it is durable."""
        await self._command(command)
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
                return word
            self._hear(word)
            if len(self._records) >= BATCH:
                await self._keep()

    async def _command(self, command: RecordAccessCommand) -> None:
        """A meter may still be busy with the end of the procedure that it has just answered."""
        for left in reversed(range(BUSY_TRIES)):
            try:
                await self._link.write(uuids.RECORD_ACCESS_CONTROL_POINT, encode_record_access_command(command))
            except BleakGATTProtocolError as error:
                if not left or error.args[0] != BleakGATTProtocolErrorCode.PROCEDURE_ALREADY_IN_PROGRESS:
                    raise
                await asyncio.sleep(BUSY_S)
            else:
                return

    def _hear(self, word: _Heard) -> None:
        match word:
            case GlucoseMeasurement():
                self._release_held()
                self._measurements += 1
                self._highest = max(word.sequence, self._highest or 0)
                self._held.append(word)
                if not word.context_follows:
                    self._release_held()
            case GlucoseContext():
                self._release_held(word)
            case ProtocolError():
                self._measurements += 1
                _log.warning("record_refused", device=self._link.session.device.name, problem=str(word))
            case _:
                pass  # a count that nobody asked for

    def _release_held(self, context: GlucoseContext | None = None) -> None:
        """Turns the measurement that waited for its context into a record."""
        for measurement in self._held:
            meal = context.meal if context is not None and context.sequence == measurement.sequence else None
            try:
                record = measurement.to_record(meal)
                if record.sequence == self._looking_for:
                    # a control solution is never stored, so it can only be taken at its word
                    stored = bool(record.values) and not record.control_solution
                    self._is_known = not stored or self._link.session.knows(record)
                self._records.append(record)
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
