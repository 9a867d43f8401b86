"""One read-out of a OneTouch meter over Bluetooth: its clock, how far its numbers go, and the records that are new.

Records are asked for by number, from the one after the last that is on the disk, or from the oldest that the meter
still has. Its numbers never begin anew; where they are lower than what was remembered, it is another meter or one
that was reset in the factory, and all is read.

A reply does not name the record that it answers, and one that comes late could be taken for the next. After a silence
the count is asked for: its reply has a form of its own, and what comes before it belonged to earlier questions.
"""

from protocols.errors import DecodeError, UnexpectedReply
from protocols.gatt.vendor.session import OverGatt, Remembered, SetClockTo
from protocols.gatt.vendor.verio import commands
from protocols.gatt.vendor.verio.wire import VerioWire
from protocols.serial.conversation import RETRIES, Ask, Conversation, Talk, silent
from protocols.serial.lifescan.frame import Frame, FrameSplitter, Link, decode_frame, encode_frame
from protocols.serial.session import ClockRead, ClockSet, Finished, NumberingRestarted, RecordRead

REPLY_WITHIN_S = 2.0
_MAX_STRAY_FRAMES = 20
_NOTHING = Remembered()


class VerioBleSession(OverGatt):
    """See `protocols.gatt.vendor.session.GattSession`."""

    def __init__(self, remembered: Remembered = _NOTHING, set_clock_to: SetClockTo | None = None) -> None:
        """`set_clock_to` is asked when all records are read."""
        talk = Conversation(_talk(remembered.last_sequence, set_clock_to), FrameSplitter(), decode=decode_frame)
        super().__init__(talk, VerioWire())


def _talk(last: int | None, set_clock_to: SetClockTo | None) -> Talk[Frame, None]:
    yield ClockRead(commands.decode_clock_reply((yield from _asked(commands.READ_CLOCK))))
    newest = commands.decode_last_number_reply((yield from _asked(commands.READ_LAST_NUMBER)))
    count = commands.decode_count_reply((yield from _asked(commands.READ_COUNT)))
    oldest = max(newest - count + 1, 1)
    if last is not None and newest & commands.HIGHEST_NUMBER < last:
        yield NumberingRestarted()
        last = None
    taken = 0
    for number in range(oldest if last is None else max(oldest, last + 1), newest + 1):
        reply = yield from _asked(commands.encode_record_request(number & commands.HIGHEST_NUMBER))
        if commands.is_refusal_of_a_record(reply):
            continue  # erased between the count and the question
        taken += 1
        yield RecordRead(commands.decode_record_reply(reply, number))
    now = None if set_clock_to is None else set_clock_to()
    if now is not None:
        commands.decode_done_reply((yield from _asked(commands.encode_clock_setting(now))))
        yield ClockSet(now)
    yield Finished(taken)


def _asked(command: bytes) -> Talk[Frame, bytes]:
    """The payload of the reply to `command`."""
    for _ in range(1 + RETRIES):
        reply = yield from _reply_after(command, stray_counts=command != commands.READ_COUNT)
        if reply is not None:
            return reply
        reply = yield from _reply_after(commands.READ_COUNT, stray_counts=False)
        for _ in range(_MAX_STRAY_FRAMES):
            if reply is None or _is_count(reply):
                break
            reply = yield from _reply_after(b"", stray_counts=False)
        else:
            raise _babbling()
    raise silent(commands.MODEL)


def _reply_after(command: bytes, *, stray_counts: bool) -> Talk[Frame, bytes | None]:
    """The next payload, or None after silence. `stray_counts`: those of an earlier silence are passed over."""
    for _ in range(_MAX_STRAY_FRAMES):
        reply = yield from _payload_after(command)
        if reply is None or not (stray_counts and _is_count(reply)):
            return reply
        command = b""
    raise _babbling()


def _is_count(payload: bytes) -> bool:
    """No other reply has this form."""
    try:
        commands.decode_count_reply(payload)
    except (DecodeError, UnexpectedReply):
        return False
    return True


def _babbling() -> UnexpectedReply:
    return UnexpectedReply("the meter repeats itself and does not go on; switch it off and on")


def _payload_after(command: bytes) -> Talk[Frame, bytes | None]:
    frame = yield Ask(encode_frame(Link(0), command) if command else b"", REPLY_WITHIN_S)
    if frame is None:
        return None
    if frame.link:
        raise UnexpectedReply(f"the meter uses the link byte ({int(frame.link):02x}): not a {commands.MODEL}")
    return frame.payload
