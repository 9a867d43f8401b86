"""One read-out of a OneTouch UltraEasy: reset the link, ask who it is, fetch what is new, let it go.

The link is an alternating-bit one. Each side counts the data frames it has sent and the ones it awaits, and puts the
last bit of both into every frame (`Link.SENT`, `Link.EXPECTED`); each data frame is acknowledged. DISCONNECT sets
both counters of both sides to 0. Nothing is resent blindly: after a silence the link is reset and the command asked
again, because only then do both sides agree on the counters.
"""

from collections.abc import Callable, Generator
from datetime import datetime
from enum import Enum, auto

from protocols.errors import UnexpectedReply
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.frame import Frame, FrameSplitter, Link, decode_frame, encode_frame
from protocols.serial.session import (
    ClockRead,
    Event,
    Finished,
    Identified,
    LineSettings,
    RecordRead,
    Send,
    Wait,
)
from protocols.serial.unread import Unread, silent_meter

REPLY_WITHIN_S = 2.0
RETRIES = 3
_MAX_REPLY_BYTES = 1024
_MAX_STRAY_FRAMES = 20

_Conversation = Generator[bytes, bytes, None]
"""Yields the payload of a command, is sent the payload of its reply."""


class _Phase(Enum):
    RESETTING = auto()
    AWAITING_ACKNOWLEDGEMENT = auto()
    AWAITING_REPLY = auto()
    LEAVING = auto()
    OVER = auto()


class UltraEasySession:
    """See `protocols.serial.session.Session`.

    `known` says whether a record of this time has been taken before. With it, only records newer than the newest
    known one are read. They come oldest first, so that a session cut short leaves no gap behind what is known.
    """

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        self._known = known
        self._splitter = FrameSplitter()
        self._unread = Unread(decode_frame)
        self._conversation = self._converse()
        self._command = b""
        self._reply = b""
        self._sent = False
        self._expected = False
        self._phase = _Phase.RESETTING
        self._attempts = 0
        self._strays = 0
        self._records = 0
        self._out: list[Event] = []

    @property
    def line(self) -> LineSettings:
        return LineSettings(baud=9600)

    def begin(self) -> list[Event]:
        self._command = next(self._conversation)
        self._reset()
        return self._drain()

    def receive(self, data: bytes) -> list[Event]:
        self._unread.hear(data)
        for frame in self._splitter.feed(data):
            self._unread.understand()
            self._take(frame)
        return self._drain()

    def timed_out(self) -> list[Event]:
        self._splitter.clear()
        self._unread.pause()
        self._attempts += 1
        if self._phase is _Phase.LEAVING:
            if self._attempts > RETRIES:
                self._finish()  # all records are taken; a meter that is gone already has lost nothing
            else:
                self._disconnect()
        elif self._phase is not _Phase.OVER:
            if self._attempts > RETRIES:
                raise self._unread.of(silent_meter(ultraeasy.MODEL, self._attempts))
            self._reset()
        return self._drain()

    def _converse(self) -> _Conversation:
        serial_number = ultraeasy.decode_serial_reply((yield ultraeasy.READ_SERIAL))
        version = ultraeasy.decode_version_reply((yield ultraeasy.READ_VERSION))
        self._out.append(Identified(ultraeasy.MODEL, serial_number, version))
        ultraeasy.decode_unit_reply((yield ultraeasy.READ_UNIT))  # raises where it is no UltraEasy's
        device_time = ultraeasy.decode_clock_reply((yield ultraeasy.READ_CLOCK))
        self._out.append(ClockRead(device_time))
        count = ultraeasy.decode_count_reply((yield ultraeasy.encode_record_request(ultraeasy.COUNT_INDEX)))
        unread = yield from self._count_unread(count)
        for index in reversed(range(unread)):
            record = ultraeasy.decode_record_reply((yield ultraeasy.encode_record_request(index)))
            self._records += 1
            self._out.append(RecordRead(record))

    def _count_unread(self, count: int) -> Generator[bytes, bytes, int]:
        """How many records, from index 0 on, are not known yet: looked up by halving, index 0 first.

        What is looked at here is asked for again when its turn comes. It is not handed on at once, since a known
        record stands for all older ones; and the meter forgets nothing by being read.
        """
        if self._known is None:
            return count
        low, high, index = 0, count, 0
        while low < high:
            record = ultraeasy.decode_record_reply((yield ultraeasy.encode_record_request(index)))
            if record.device_time is not None and self._known(record.device_time):
                high = index
            else:
                low = index + 1
            index = (low + high) // 2
        return low

    def _take(self, frame: Frame) -> None:
        disconnected = frame.link & Link.DISCONNECT
        acknowledged = frame.link & Link.ACKNOWLEDGE
        if disconnected and acknowledged:
            self._take_reset()
        elif self._phase in (_Phase.RESETTING, _Phase.LEAVING, _Phase.OVER):
            self._stray()  # from before the reset
        elif disconnected:
            raise UnexpectedReply("the meter broke off; it was switched off, unplugged, or used to measure")
        elif bool(frame.link & Link.SENT) != self._expected:
            self._stray()
            if not acknowledged:  # sent again because our acknowledgement was lost
                self._acknowledge()
        elif acknowledged:
            self._take_acknowledgement()
        else:
            self._take_data(frame)

    def _take_reset(self) -> None:
        if self._phase is _Phase.RESETTING:
            self._sent = self._expected = False
            self._reply = b""
            self._ask()
        elif self._phase is _Phase.LEAVING:
            self._finish()
        else:
            self._stray()

    def _take_acknowledgement(self) -> None:
        if self._phase is _Phase.AWAITING_ACKNOWLEDGEMENT:
            self._sent = not self._sent
            self._phase = _Phase.AWAITING_REPLY
        else:
            self._stray()

    def _take_data(self, frame: Frame) -> None:
        if self._phase is _Phase.AWAITING_ACKNOWLEDGEMENT:  # its acknowledgement was lost; the reply proves it
            self._take_acknowledgement()
        self._expected = not self._expected
        self._reply += frame.payload
        if len(self._reply) > _MAX_REPLY_BYTES:
            raise UnexpectedReply(f"the meter's reply goes on beyond {_MAX_REPLY_BYTES} bytes")
        if frame.link & Link.MORE:
            self._acknowledge()
            self._out.append(Wait(REPLY_WITHIN_S))
            return
        reply, self._reply = self._reply, b""
        self._attempts = self._strays = 0
        try:
            self._command = self._conversation.send(reply)  # a record is emitted here, before its acknowledgement
        except StopIteration:
            self._acknowledge()
            self._phase = _Phase.LEAVING
            self._disconnect()
        else:
            self._acknowledge()
            self._ask()

    def _stray(self) -> None:
        self._strays += 1
        if self._strays > _MAX_STRAY_FRAMES:
            raise UnexpectedReply("the meter repeats itself and does not go on; unplug it and try again")

    def _ask(self) -> None:
        self._phase = _Phase.AWAITING_ACKNOWLEDGEMENT
        self._out += [Send(encode_frame(self._counters(), self._command)), Wait(REPLY_WITHIN_S)]

    def _acknowledge(self) -> None:
        self._out.append(Send(encode_frame(self._counters() | Link.ACKNOWLEDGE)))

    def _reset(self) -> None:
        self._phase = _Phase.RESETTING
        self._disconnect()

    def _disconnect(self) -> None:
        self._out += [Send(encode_frame(Link.DISCONNECT)), Wait(REPLY_WITHIN_S)]

    def _finish(self) -> None:
        self._phase = _Phase.OVER
        self._out.append(Finished(self._records))

    def _counters(self) -> Link:
        return (Link.SENT if self._sent else Link(0)) | (Link.EXPECTED if self._expected else Link(0))

    def _drain(self) -> list[Event]:
        events = self._out.copy()
        self._out.clear()
        return events
