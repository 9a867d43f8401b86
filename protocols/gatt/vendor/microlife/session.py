"""One read-out of a Microlife monitor: whose memory it is, all of it in one reply, and good-bye.

The protocol has no way to read the clock. With `set_clock_to` the clock is set after the records came, so that their
times are those that the person saw.
"""

from protocols.gatt.vendor.microlife import commands
from protocols.gatt.vendor.microlife.frame import (
    LONGEST_PAYLOAD,
    LONGEST_WRITE,
    NOTIFYING,
    WRITING,
    FrameSplitter,
    Sender,
    decode_frame,
    encode_frame,
)
from protocols.gatt.vendor.session import OverGatt, PlainWire, SetClockTo
from protocols.serial.conversation import Ask, Conversation, Talk, ask_again
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockSet, Finished, RecordRead
from protocols.serial.within_minute import number_within_minute

REPLY_WITHIN_S = 3.0
RECORDS_WITHIN_S = 10.0


class MicrolifeSession(OverGatt):
    """See `protocols.gatt.vendor.session.GattSession`. Every record is read each time; the outbox knows them."""

    def __init__(self, set_clock_to: SetClockTo | None = None) -> None:
        """`set_clock_to` is asked when all is read; without it the monitor's clock is left alone."""
        splitter = FrameSplitter()
        talk = Conversation(
            _talk(set_clock_to),
            splitter,
            longest_part_bytes=2 * LONGEST_PAYLOAD,
            decode=lambda data: decode_frame(data, Sender.METER),
        )
        super().__init__(talk, PlainWire(WRITING, NOTIFYING, LONGEST_WRITE))


def _talk(set_clock_to: SetClockTo | None) -> Talk[bytes, None]:
    user = commands.decode_user_reply((yield from _asked(commands.READ_USER)))
    reply = yield from _asked(commands.READ_RECORDS, RECORDS_WITHIN_S)
    records = sorted(commands.decode_records_reply(reply, user), key=lambda r: r.device_time or NEVER_SET)
    for record in number_within_minute(records):
        yield RecordRead(record)
    now = None if set_clock_to is None else set_clock_to()
    if now is not None:
        commands.decode_done_reply((yield from _asked(commands.encode_clock_setting(now))))
        yield ClockSet(now)
    yield Ask(encode_frame(Sender.HOST, commands.DISCONNECT), 0.0)  # answered by nothing but the end of the link
    yield Finished(len(records))


def _asked(payload: bytes, within_s: float = REPLY_WITHIN_S) -> Talk[bytes, bytes]:
    return ask_again(encode_frame(Sender.HOST, payload), within_s, commands.MODEL)
