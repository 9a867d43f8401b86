"""One read-out of a Contour: let it begin, acknowledge frame by frame, believe it when the last record is there.

The meter sends its whole memory. What came before the end record `L` is not to be used without it (the standard says
so), so records are told when `L` is there and before its frame is acknowledged. A break begins the whole anew. The
meter forgets nothing.
"""

from collections.abc import Callable, Generator
from datetime import datetime

from protocols.errors import DecodeError, UnexpectedReply
from protocols.record import Record
from protocols.serial.ascensia import records
from protocols.serial.ascensia.frame import (
    LONGEST_FRAME_BYTES,
    NUMBERS,
    Control,
    Damaged,
    Frame,
    LinkSplitter,
    Part,
    decode_frame,
)
from protocols.serial.ascensia.records import MODEL, Header
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead
from protocols.serial.within_minute import is_known, number_within_minute, oldest_first

REPLY_WITHIN_S = 5.0
MAX_DAMAGED = 6
"""Damaged frames in a row, as the standard has it."""
MAX_RECORDS = 10_000
_MAX_STRAY_PARTS = 40
_LONGEST_RECORD = 4096

Known = Callable[[datetime], bool]


class ContourSession(ConversationSession[Part]):
    """See `protocols.serial.session.Session`. `known` records are read and left out."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__(LineSettings(baud=9600), _talk(known), LinkSplitter(), LONGEST_FRAME_BYTES, decode_frame)


class _Broken(Exception):
    """The transfer came to no end; it may be begun anew."""


def _talk(known: Known | None) -> Talk[Part, None]:
    told = False
    failure: UnexpectedReply = silent(MODEL)
    for _ in range(1 + RETRIES):
        memory = _Memory()
        try:
            if not (yield from _begun()):
                continue
            while not memory.complete:
                header = memory.header
                memory.take((yield from _text(memory.expected_number)))
                if header is None and memory.header is not None and not told:
                    told = True
                    yield Identified(f"{MODEL} {memory.header.product}", *_names(memory.header))
                    yield ClockRead(memory.header.clock)
        except _Broken as broken:
            failure = UnexpectedReply(f"the meter's memory does not come whole, {1 + RETRIES} times: {broken}")
            continue
        taken = yield from _told(memory, known)
        yield from _let_go()
        yield Finished(taken)
        return
    raise failure


def _names(header: Header) -> tuple[str, str]:
    return header.serial_number, header.version


def _told(memory: "_Memory", known: Known | None) -> Generator[RecordRead, None, int]:
    new = [record for record in number_within_minute(oldest_first(memory.records)) if not is_known(record, known)]
    for record in new:
        yield RecordRead(record)
    return len(new)


def _begun() -> Talk[Part, bool]:
    """Whether the meter asks to send. EOT ends whatever it was about; a NAK says that it was busy.

    Raises _Broken where it says something else instead.
    """
    part = yield Ask(bytes((Control.EOT,)), REPLY_WITHIN_S)
    stray: Part | None = None
    for _ in range(_MAX_STRAY_PARTS):
        if part is Control.ENQ:
            return True
        if part is None and stray is not None:
            raise _Broken(
                f"it never asks to send, and says {_words(stray)} instead; check that it is a {MODEL}, and its cable"
            )
        if part is None:
            return False
        stray = stray or part
        part = yield Ask(bytes((Control.EOT,)) if part is Control.NAK else b"", REPLY_WITHIN_S)
    raise UnexpectedReply(f"the meter never asks to send its memory; check that it is a {MODEL}")


def _words(part: Part) -> str:
    match part:
        case Frame():
            return f"frame {part.number}"
        case Damaged():
            return f"what is like a frame and none ({part.reason})"
        case _:
            return part.name


def _text(number: int) -> Talk[Part, bytes]:
    """The text of frame `number`, which follows our acknowledgement of the one before. Raises _Broken."""
    said = Control.ACK
    damaged = 0
    for _ in range(_MAX_STRAY_PARTS):
        part = yield Ask(bytes((said,)), REPLY_WITHIN_S)
        match part:
            case None:
                raise _Broken("it falls silent")
            case Frame() if part.number == number:
                return part.text
            case Frame() if part.number == (number - 1) % NUMBERS:
                said = Control.ACK  # sent again because our acknowledgement was lost
            case Frame():
                raise _Broken(f"frame {part.number} comes in place of {number}")
            case Damaged():
                damaged += 1
                if damaged > MAX_DAMAGED:
                    raise _Broken(f"a frame comes damaged {damaged} times: {part.reason}; check the cable")
                said = Control.NAK
            case Control.ENQ:
                if number != 1:
                    raise _Broken("it begins anew")
                said = Control.ACK
            case _:
                raise _Broken(f"{part.name} comes in place of frame {number}")
    raise _Broken("it repeats itself")


def _let_go() -> Talk[Part, None]:
    """Acknowledges the last frame; the meter ends with EOT, and has lost nothing when it does not."""
    part = yield Ask(bytes((Control.ACK,)), REPLY_WITHIN_S)
    for _ in range(MAX_DAMAGED):
        if not isinstance(part, Frame | Damaged):
            return
        part = yield Ask(bytes((Control.ACK,)), REPLY_WITHIN_S)


class _Memory:
    """What has come of the meter's memory."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.records: list[Record] = []
        self.complete = False
        self.expected_number = 1
        self._rest = ""
        self._control_solution = False
        self._average_due = False

    def take(self, text: bytes) -> None:
        """The next frame's text. Raises _Broken, UnexpectedReply."""
        self.expected_number = (self.expected_number + 1) % NUMBERS
        *whole, self._rest = (self._rest + text.decode("ascii", errors="replace")).split("\r")
        if len(self._rest) > _LONGEST_RECORD or len(self.records) > MAX_RECORDS:
            raise UnexpectedReply(f"the meter's memory is longer than that of any {MODEL}")
        try:
            for record in whole:
                self._take_record(record)
        except DecodeError as error:
            raise _Broken(str(error)) from error

    def _take_record(self, record: str) -> None:
        kind = record[:2]
        if self.header is None:
            self.header = records.decode_header(record)
            self._average_due = self.header.average_first
        elif kind == "O|":
            self._control_solution = records.is_control_order(record)
        elif kind == "R|":
            result = records.decode_result(record, control_solution=self._control_solution)
            if result is not None and not self._average_due:
                self.records.append(result)
            self._control_solution = self._average_due = False
        elif kind == "L|":
            self.complete = True
