"""One read-out of a OneTouch Ultra2: ask who it is, then for the whole memory, which comes in one go.

A line that is damaged spoils its answer: the rest is let pass until the meter is silent, and the question is asked
again. Records are told when all are there, oldest first; the meter needs no farewell.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.errors import DecodeError, Truncated, UnexpectedReply
from protocols.record import Record
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.lifescan import ultra2
from protocols.serial.lines import LineSplitter
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead

SILENCE_S = 2.0


class Ultra2Session(ConversationSession[bytes]):
    """See `protocols.serial.session.Session`. `known` records are read and left out."""

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        super().__init__(LineSettings(baud=9600), _talk(known), LineSplitter(), decode=ultra2.decode_line)


def _talk(known: Callable[[datetime], bool] | None) -> Talk[bytes, None]:
    serial_number = ultra2.decode_serial_line((yield from _answer(ultra2.READ_SERIAL))[0])
    version = ultra2.decode_version_line((yield from _answer(ultra2.READ_VERSION))[0])
    yield Identified(ultra2.MODEL, serial_number, version)
    yield ClockRead(ultra2.decode_clock_line((yield from _answer(ultra2.READ_CLOCK))[0]))
    header, *lines = yield from _answer(ultra2.READ_MEMORY)
    if ultra2.decode_header_line(header).serial_number != serial_number:
        raise UnexpectedReply("the meter's memory names another serial number than the meter; was it changed just now?")
    new = [record for record in map(ultra2.decode_record_line, reversed(lines)) if not _is_known(record, known)]
    for record in new:
        yield RecordRead(record)
    yield Finished(len(new))


def _is_known(record: Record, known: Callable[[datetime], bool] | None) -> bool:
    return known is not None and record.device_time is not None and known(record.device_time)


def _answer(command: bytes) -> Talk[bytes, list[bytes]]:
    """The lines of the answer to `command`, each proven by its sum: one, or as many as the memory's header says."""
    failure: UnexpectedReply = silent(ultra2.MODEL)
    for _ in range(1 + RETRIES):
        line = yield Ask(ultra2.encode_command(command), SILENCE_S)
        if line is None:
            continue
        try:
            lines = [_proven(line)]
            due = ultra2.decode_header_line(line).records if command == ultra2.READ_MEMORY else 0
            while len(lines) <= due:
                lines.append(_proven((yield Ask(b"", SILENCE_S))))
        except DecodeError as error:
            failure = UnexpectedReply(f"the meter's lines come damaged, {1 + RETRIES} times: {error}; check the cable")
            while (yield Ask(b"", SILENCE_S)) is not None:
                pass
        else:
            return lines
    raise failure


def _proven(line: bytes | None) -> bytes:
    if line is None:
        raise Truncated("the answer ends before its last line", offset=0)
    ultra2.decode_line(line)
    return line
