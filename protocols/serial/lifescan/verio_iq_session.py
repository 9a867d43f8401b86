"""One read-out of a OneTouch Verio IQ: ask who it is, fetch every record that is new, go.

The link has no counters, so an answer that comes late could be taken for the answer to the next question. After a
silence the count is asked for: its reply has a form of its own, and what comes before it belonged to earlier
questions. The meter needs no farewell.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.errors import UnexpectedReply
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.lifescan import verio_iq
from protocols.serial.lifescan.frame import Frame, FrameSplitter, Link, decode_frame, encode_frame
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead

REPLY_WITHIN_S = 2.0
_MAX_STRAY_FRAMES = 20


class VerioIqSession(ConversationSession[Frame]):
    """See `protocols.serial.session.Session`.

    `known` says whether a record of this time has been taken before; such a record is read and left out. All are
    read every time, because the protocol does not say which end of the memory is the newest.
    """

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        super().__init__(LineSettings(baud=38400), _talk(known), FrameSplitter(), decode=decode_frame)


def _talk(known: Callable[[datetime], bool] | None) -> Talk[Frame, None]:
    serial_number = verio_iq.decode_serial_reply((yield from _asked(verio_iq.READ_SERIAL)))
    version = verio_iq.decode_version_reply((yield from _asked(verio_iq.READ_VERSION)))
    yield Identified(verio_iq.MODEL, serial_number, version)
    verio_iq.decode_unit_reply((yield from _asked(verio_iq.READ_UNIT)))  # raises where it is no Verio IQ's
    yield ClockRead(verio_iq.decode_clock_reply((yield from _asked(verio_iq.READ_CLOCK))))
    count = verio_iq.decode_count_reply((yield from _asked(verio_iq.READ_COUNT)))
    taken = 0
    for index in range(count):
        record = verio_iq.decode_record_reply((yield from _asked(verio_iq.encode_record_request(index))))
        if known is None or record.device_time is None or not known(record.device_time):
            taken += 1
            yield RecordRead(record)
    yield Finished(taken)


def _asked(command: bytes) -> Talk[Frame, bytes]:
    """The payload of the reply to `command`."""
    for _ in range(1 + RETRIES):
        reply = yield from _payload_after(encode_frame(Link(0), command), stray_counts=command != verio_iq.READ_COUNT)
        if reply is not None:
            return reply
        reply = yield from _payload_after(encode_frame(Link(0), verio_iq.READ_COUNT), stray_counts=False)
        for _ in range(_MAX_STRAY_FRAMES):
            if reply is None or verio_iq.is_count_reply(reply):
                break
            reply = yield from _payload_after(b"", stray_counts=False)
        else:
            raise UnexpectedReply("the meter repeats itself and does not go on; unplug it and try again")
    raise silent(verio_iq.MODEL)


def _payload_after(sent: bytes, *, stray_counts: bool) -> Talk[Frame, bytes | None]:
    """The next payload, or None after silence. `stray_counts`: those of an earlier silence are passed over."""
    frame = yield Ask(sent, REPLY_WITHIN_S)
    for _ in range(_MAX_STRAY_FRAMES):
        if frame is None:
            return None
        if frame.link:
            raise UnexpectedReply(f"the meter uses the link byte ({int(frame.link):02x}): not a {verio_iq.MODEL}")
        if not (stray_counts and verio_iq.is_count_reply(frame.payload)):
            return frame.payload
        frame = yield Ask(b"", REPLY_WITHIN_S)
    raise UnexpectedReply("the meter repeats itself and does not go on; unplug it and try again")
