"""One read-out of an SD Codefree: wait until somebody switches it on, fetch every record, let it go.

Fetching moves the meter on, so a record whose frame is lost cannot be asked for again in the same session. The count
that the meter gives first shows it: when the farewell comes too early, nothing is told, and the meter has to be
switched on again. Records are told when all are there, oldest first, before the message that ends the session.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.errors import ProtocolError, UnexpectedReply
from protocols.record import Record
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk
from protocols.serial.sd_biosensor import codefree
from protocols.serial.sd_biosensor.frame import STX, Direction, Frame, FrameSplitter, decode_frame, encode_frame
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead
from protocols.serial.unread import SilentMeter
from protocols.serial.within_minute import is_known, number_within_minute

SWITCHED_ON_WITHIN_S = 300.0
REPLY_WITHIN_S = 2.0
LONGEST_FRAME_BYTES = 64
"""The count and the records are shorter."""


class CodefreeSession(ConversationSession[Frame]):
    """See `protocols.serial.session.Session`. `known` records are read and left out."""

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        super().__init__(LineSettings(baud=38400), _talk(known), FrameSplitter(), LONGEST_FRAME_BYTES, _decode)


def _decode(data: bytes) -> Frame:
    """As `decode_frame`; before a greeting stands a zero, or what switching on left on the line."""
    return decode_frame(data[max(0, data.find(STX)) :])


def _talk(known: Callable[[datetime], bool] | None) -> Talk[Frame, None]:
    yield from _greeted()
    count = codefree.decode_count((yield from _message_after(codefree.GREETING_ANSWER)))
    yield Identified(codefree.MODEL, serial_number="")
    yield ClockRead(None)
    messages: list[bytes] = []
    while len(messages) < count:
        message = yield from _message_after(codefree.FETCH)
        if message == codefree.FAREWELL:
            raise UnexpectedReply(
                f"the meter counted {count} records and {len(messages)} arrived; switch it off and on to try again"
            )
        messages.append(message)
    try:
        newest_first: list[Record] = [codefree.decode_record(message) for message in messages]
    except ProtocolError:
        yield from _let_go()  # it would stay in its PC mode
        raise
    new = [record for record in number_within_minute(reversed(newest_first)) if not is_known(record, known)]
    for record in new:
        yield RecordRead(record)
    yield from _let_go()
    yield Finished(len(new))


def _greeted() -> Talk[Frame, None]:
    frame = yield Ask(b"", SWITCHED_ON_WITHIN_S)
    if frame is None:
        raise SilentMeter("the meter did not greet; with the cable plugged in, switch it off and on", codefree.MODEL)
    if frame != Frame(Direction.TO_HOST, codefree.GREETING):
        raise UnexpectedReply(
            f"expected a {codefree.MODEL}'s greeting (10 30), the meter says {frame.message[:8].hex(' ')}; "
            "switch it off and on"
        )


def _message_after(message: bytes) -> Talk[Frame, bytes]:
    """What the meter says next; `message` goes again when nothing comes. Greetings of before are passed over."""
    sent = encode_frame(Direction.TO_METER, message)
    for _ in range(1 + RETRIES):
        frame = yield Ask(sent, REPLY_WITHIN_S)
        while frame is not None:
            if frame.direction is Direction.TO_HOST and frame.message != codefree.GREETING:
                return frame.message
            frame = yield Ask(b"", REPLY_WITHIN_S)
    raise SilentMeter(
        f"the meter greeted and then was silent {1 + RETRIES} times; check the cable, switch it off and on",
        codefree.MODEL,
    )


def _let_go() -> Talk[Frame, None]:
    """Every record is told: a meter that is gone already has lost nothing."""
    for _ in range(1 + RETRIES):
        frame = yield Ask(encode_frame(Direction.TO_METER, codefree.FETCH), REPLY_WITHIN_S)
        if frame is not None and frame.message == codefree.FAREWELL:
            return
