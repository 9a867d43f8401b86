"""One read-out of a GlucoMen Areo: ask who it is, then for its memory, which comes as one block.

A damaged block is asked for again. Records are told when all are there, oldest first; the meter needs no farewell.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.errors import DecodeError, UnexpectedReply
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.menarini import areo
from protocols.serial.menarini.block import MAX_BYTES, BlockSplitter, decode_block
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead
from protocols.serial.within_minute import is_known, number_within_minute, oldest_first

SILENCE_S = 2.0


class AreoSession(ConversationSession[bytes]):
    """See `protocols.serial.session.Session`. `known` records are read and left out."""

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        super().__init__(LineSettings(baud=9600, parity="odd"), _talk(known), BlockSplitter(), MAX_BYTES, decode_block)


def _talk(known: Callable[[datetime], bool] | None) -> Talk[bytes, None]:
    info = areo.decode_info((yield from _lines_after(areo.READ_INFO)))
    yield Identified(areo.MODEL, info.serial_number, info.version)
    yield ClockRead(None)
    records = areo.decode_readings((yield from _lines_after(areo.READ_READINGS)))
    new = [record for record in number_within_minute(oldest_first(records)) if not is_known(record, known)]
    for record in new:
        yield RecordRead(record)
    yield Finished(len(new))


def _lines_after(command: bytes) -> Talk[bytes, list[bytes]]:
    """The lines of the block that answers `command`."""
    failure: UnexpectedReply = silent(areo.MODEL)
    for _ in range(1 + RETRIES):
        block = yield Ask(command, SILENCE_S)
        if block is None:
            continue
        try:
            return decode_block(block)
        except DecodeError as error:
            failure = UnexpectedReply(
                f"the meter's answers come damaged, {1 + RETRIES} times: {error}; check the cable"
            )
    raise failure
