"""The meter's side of an SD Biosensor SD Codefree: frames in, frames out, and a greeting when it is switched on.

Frames and messages stand in protocols/serial/sd_biosensor/. After a greeting that nobody answers the meter ignores
the cable until it is switched on again. A message that it does not understand puts E-5 on its display: it is deaf
from then on, as when it was left without a farewell, until it is switched off and on.
"""

from enum import Enum, auto

from firmware_sim.serial.meter import GlucoseMemory
from protocols.errors import DecodeError
from protocols.serial.sd_biosensor import codefree
from protocols.serial.sd_biosensor.frame import Direction, FrameSplitter, encode_frame

PATIENCE = 5
"""So often somebody would switch it on, before seeing that it hangs and switching it off."""
_HIGHEST_WORD = 0xFFFF


class _Mode(Enum):
    MEASURING = auto()
    GREETED = auto()
    PC = auto()
    ERROR = auto()
    """E-5 on the display."""


class CodefreeMeter:
    """See `SerialMeter` and `SpeaksFirst`. It has no serial number on the wire."""

    speaks_every_s = 1.0
    """Somebody switches it off and on so often."""

    def __init__(self, memory: GlucoseMemory, serial_number: str) -> None:  # noqa: ARG002 - as every meter is made
        self.memory = memory
        self.farewells = 0
        """How often a reader let it go as it should."""
        self._mode = _Mode.MEASURING
        self._place = 0
        self._idle = 0
        self._splitter = FrameSplitter()

    def switched_on(self) -> bytes:
        """The greeting; nothing while a reader is at work. Somebody looks at it and switches it off when it hangs."""
        if self._mode in (_Mode.PC, _Mode.ERROR) and self._idle < PATIENCE:
            self._idle += 1
            return b""
        self._mode = _Mode.GREETED
        self._idle = 0
        self._splitter.clear()
        return encode_frame(Direction.TO_HOST, codefree.GREETING)

    def receive(self, data: bytes) -> bytes:
        frames = self._splitter.feed(data)
        heard = [frame.message for frame in frames if frame.direction is Direction.TO_METER]
        return b"".join(
            encode_frame(Direction.TO_HOST, answer) for message in heard if (answer := self._answer(message))
        )

    def _answer(self, message: bytes) -> bytes:
        self._idle = 0
        if message == codefree.GREETING_ANSWER and self._mode is _Mode.GREETED:
            self._mode = _Mode.PC
            self._place = 0
            return codefree.encode_count(len(self.memory.records))
        if self._mode is not _Mode.PC:
            return b""
        if message == codefree.FETCH:
            return self._fetched()
        if codefree.is_clock_setting(message):
            return self._set_clock(message)
        self._mode = _Mode.ERROR
        return b""

    def _fetched(self) -> bytes:
        record = self.memory.newest(self._place)
        if record is None:
            self._mode = _Mode.MEASURING
            self.farewells += 1
            self.memory.save()
            return codefree.FAREWELL
        self._place += 1
        record.handed_over = True
        return codefree.encode_record(record.at, min(record.glucose_mg_dl, _HIGHEST_WORD), record.meal)

    def _set_clock(self, message: bytes) -> bytes:
        try:
            shown = codefree.decode_clock_setting(message)
        except DecodeError:
            self._mode = _Mode.ERROR
            return b""
        self.memory.clock.set(shown)
        self.memory.save()
        self._place = len(self.memory.records)  # a fetch from here on is the farewell
        return codefree.CLOCK_IS_SET
