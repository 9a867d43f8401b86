"""A meter's end of the UltraEasy link that can lose, repeat and damage frames on demand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from protocols.reading import Unit
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.command import CommandKind
from protocols.serial.lifescan.frame import FrameSplitter, Link, encode_frame

NEWEST = datetime(2026, 11, 22, 7, 30)

Fault = Callable[[int, bytes], bytes]
"""(number of the frame sent by the meter, from 0; its bytes) -> the bytes that reach the reader."""


def arrive_whole(number: int, frame: bytes) -> bytes:
    return frame


def create_records(count: int) -> list[tuple[datetime, int]]:
    """Newest first, six hours apart."""
    return [(NEWEST - timedelta(hours=6 * place), 100 + place % 50) for place in range(count)]


@dataclass
class ScriptedMeter:
    """Answers the protocol's questions. Written from the link's rules and not from the session."""

    records: list[tuple[datetime, int]] = field(default_factory=list)
    version: str = "P02.00.0025/05/07"
    clock: datetime = NEWEST + timedelta(minutes=3)
    fault: Fault = field(default=arrive_whole)
    fragment: int = 249
    """Longest payload of a frame; longer replies are sent in parts, with the MORE bit."""
    asked: list[bytes] = field(default_factory=list)
    acknowledged: int = 0
    """Data frames that the reader has acknowledged."""
    connected: bool = False

    def __post_init__(self) -> None:
        self._splitter = FrameSplitter()
        self._frames_sent = 0
        self._reset()

    def _reset(self) -> None:
        self._sent = self._expected = False
        self._parts: list[bytes] = []

    def hear(self, data: bytes) -> bytes:
        answer = b""
        for frame in self._splitter.feed(data):
            if frame.link & Link.DISCONNECT:
                self._reset()
                self.connected = False
                answer += self._frame(Link.DISCONNECT | Link.ACKNOWLEDGE)
            elif frame.link & Link.ACKNOWLEDGE:
                if self._parts and bool(frame.link & Link.EXPECTED) != self._sent:
                    self._sent = not self._sent
                    self.acknowledged += 1
                    del self._parts[0]
                    answer += self._part()
            elif bool(frame.link & Link.SENT) == self._expected:
                self.connected = True
                self._expected = not self._expected
                self.asked.append(frame.payload)
                reply = self._reply(frame.payload)
                self._parts = [reply[at : at + self.fragment] for at in range(0, len(reply), self.fragment)]
                answer += self._frame(self._counters() | Link.ACKNOWLEDGE) + self._part()
        return answer

    def repeat(self) -> bytes:
        """What the meter sends again when the acknowledgement of its data did not come."""
        return self._part()

    def _part(self) -> bytes:
        if not self._parts:
            return b""
        more = Link.MORE if len(self._parts) > 1 else Link(0)
        return self._frame(self._counters() | more, self._parts[0])

    def _frame(self, link: Link, payload: bytes = b"") -> bytes:
        number, self._frames_sent = self._frames_sent, self._frames_sent + 1
        return self.fault(number, encode_frame(link, payload))

    def _counters(self) -> Link:
        return (Link.SENT if self._sent else Link(0)) | (Link.EXPECTED if self._expected else Link(0))

    def _reply(self, payload: bytes) -> bytes:
        command = ultraeasy.decode_command(payload)
        match command.kind:
            case CommandKind.READ_SERIAL:
                return ultraeasy.encode_serial_reply("C176NA00Q")
            case CommandKind.READ_VERSION:
                return ultraeasy.encode_version_reply(self.version)
            case CommandKind.READ_UNIT:
                return ultraeasy.encode_unit_reply(Unit.MMOL_L)
            case CommandKind.READ_CLOCK:
                return ultraeasy.encode_clock_reply(self.clock)
            case CommandKind.READ_RECORD if command.index < len(self.records):
                return ultraeasy.encode_record_reply(*self.records[command.index])
            case CommandKind.READ_RECORD:
                return ultraeasy.encode_count_reply(len(self.records))
        raise AssertionError(f"a reader has no business to send {payload.hex(' ')}")


@pytest.fixture
def meter() -> ScriptedMeter:
    return ScriptedMeter(records=create_records(5))
