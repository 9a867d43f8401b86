"""One read-out of a FreeStyle meter: ask for the whole memory, once. It needs no farewell.

The first command after waking is sometimes ignored, so silence and a bare `CMD OK` are answered by asking again; so is
the first refusal, since the line may have held half a word of somebody else. A damaged memory is let pass until the
meter is silent, and asked for again.
"""

import re
from collections.abc import Callable
from datetime import datetime

from protocols.errors import DecodeError, UnexpectedReply
from protocols.serial.abbott.dump import LITE, OPTIUM, Dialect, Dump, decode_dump
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead
from protocols.serial.within_minute import is_known

SILENCE_S = 3.0
MAX_DUMP_BYTES = 1 << 15
_LAST_WORDS = re.compile(rb"(?:(?:0x[0-9A-Fa-f]{4} +|Log Empty\s+)END|CMD OK|CMD Fail!|Log Not Found)(?:\r\n)?")
_LONGEST_LAST_WORDS = 40

Known = Callable[[datetime], bool]


class FreeStyleSession(ConversationSession[bytes]):
    """See `protocols.serial.session.Session`. `known` records are read and left out."""

    def __init__(self, dialect: Dialect, known: Known | None = None) -> None:
        super().__init__(
            LineSettings(baud=19200),
            _talk(dialect, known),
            AnswerSplitter(),
            MAX_DUMP_BYTES,
            decode=lambda answer: decode_dump(answer, dialect),
        )


class OptiumSession(FreeStyleSession):
    """FreeStyle Optium, Precision Xtra, Precision Xceed."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__(OPTIUM, known)


class LiteSession(FreeStyleSession):
    """FreeStyle Lite, Freedom Lite, Mini."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__(LITE, known)


class AnswerSplitter:
    """Cuts a stream behind the words with which an answer ends."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._looked_at = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The answers that `data` completes, with whatever stood before them."""
        self._pending += data
        answers = []
        while (end := _LAST_WORDS.search(self._pending, max(0, self._looked_at - _LONGEST_LAST_WORDS))) is not None:
            answers.append(bytes(self._pending[: end.end()]))
            del self._pending[: end.end()]
            self._looked_at = 0
        del self._pending[:-MAX_DUMP_BYTES]
        self._looked_at = len(self._pending)
        return answers

    def clear(self) -> None:
        self._pending.clear()
        self._looked_at = 0


def _talk(dialect: Dialect, known: Known | None) -> Talk[bytes, None]:
    dump = yield from _memory(dialect)
    yield Identified(dialect.model, dump.serial_number, dump.version)
    yield ClockRead(dump.clock)
    new = [record for record in dump.records if not is_known(record, known)]
    for record in new:
        yield RecordRead(record)
    yield Finished(len(new))


def _memory(dialect: Dialect) -> Talk[bytes, Dump]:
    failure: UnexpectedReply = silent(dialect.model)
    refused = False
    for _ in range(1 + RETRIES):
        answer = yield Ask(dialect.command, SILENCE_S)
        if answer is None or b"CMD OK" in answer:
            continue
        if not answer.rstrip().endswith(b"END"):
            if refused:
                raise UnexpectedReply(f"the meter does not know the command; it is another one than a {dialect.model}")
            refused = True
            continue
        try:
            return decode_dump(answer, dialect)
        except DecodeError as error:
            failure = UnexpectedReply(f"the memory comes damaged, {1 + RETRIES} times: {error}; check the cable")
            while (yield Ask(b"", SILENCE_S)) is not None:
                pass
    raise failure
