"""The meter's side of a LifeScan OneTouch UltraEasy: bytes in, bytes out.

Commands and replies stand in protocols/serial/lifescan/ultraeasy.py. The link is an alternating-bit one: both sides
put the last bit of their counters of frames sent and awaited into every frame. A command that repeats the counter of
the one before is answered again from memory, not carried out again; a frame with a wrong CRC is not heard.
"""

from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from protocols.errors import DecodeError
from protocols.reading import Unit
from protocols.serial.lifescan import ultraeasy
from protocols.serial.lifescan.command import Command, CommandKind
from protocols.serial.lifescan.frame import Frame, FrameSplitter, Link, encode_frame

VERSION = "P02.00.0030/08/06"


class UltraEasyMeter:
    """See `SerialMeter`. Keeps 500 records; erasing is carried out and counted, as the real meter does it unasked."""

    def __init__(self, memory: GlucoseMemory, serial_number: str, unit: Unit = Unit.MMOL_L) -> None:
        """`unit` is that of the display; records travel in mg/dL whatever it is."""
        self.memory = memory
        self.erased = 0
        """How often a reader emptied the memory."""
        self._fixed_replies = {
            CommandKind.READ_SERIAL: ultraeasy.encode_serial_reply(serial_number),
            CommandKind.READ_VERSION: ultraeasy.encode_version_reply(VERSION),
            CommandKind.READ_UNIT: ultraeasy.encode_unit_reply(unit),
        }
        self._splitter = FrameSplitter()
        self._sent = False
        self._expected = False
        self._unacknowledged = b""
        self._offered: StoredGlucose | None = None

    def receive(self, data: bytes) -> bytes:
        return b"".join(self._answer(frame) for frame in self._splitter.feed(data))

    def _answer(self, frame: Frame) -> bytes:
        if frame.link & Link.DISCONNECT:
            return self._reset()
        if bool(frame.link & Link.EXPECTED) != self._sent:
            self._acknowledged()
        if frame.link & Link.ACKNOWLEDGE:
            return b""
        if bool(frame.link & Link.SENT) != self._expected:
            return encode_frame(self._counters() | Link.ACKNOWLEDGE) + self._unacknowledged
        self._expected = not self._expected
        reply = self._carry_out(frame.payload)
        self._unacknowledged = encode_frame(self._counters(), reply)
        return encode_frame(self._counters() | Link.ACKNOWLEDGE) + self._unacknowledged

    def _reset(self) -> bytes:
        self._sent = self._expected = False
        self._unacknowledged = b""
        self._offered = None
        self.memory.save()
        return encode_frame(Link.DISCONNECT | Link.ACKNOWLEDGE)

    def _acknowledged(self) -> None:
        """The reader awaits the frame after the last one: it has that one."""
        if not self._unacknowledged:
            return
        self._sent = not self._sent
        self._unacknowledged = b""
        if self._offered is not None:
            self._offered.handed_over = True
            self._offered = None

    def _carry_out(self, payload: bytes) -> bytes:
        try:
            command = ultraeasy.decode_command(payload)
        except DecodeError:
            return ultraeasy.encode_refusal()
        match command.kind:
            case CommandKind.READ_RECORD:
                return self._record(command.index)
            case CommandKind.READ_CLOCK | CommandKind.SET_CLOCK:
                return self._clock(command)
            case CommandKind.ERASE:
                self.memory.erase()
                self.erased += 1
                return ultraeasy.encode_done_reply()
            case identity:
                return self._fixed_replies[identity]

    def _clock(self, command: Command) -> bytes:
        if command.device_time is not None:
            self.memory.clock.set(command.device_time)
            self.memory.save()
        return ultraeasy.encode_clock_reply(self.memory.clock.now())

    def _record(self, index: int) -> bytes:
        record = self.memory.newest(index)
        if record is None:
            return ultraeasy.encode_count_reply(len(self.memory.records))
        self._offered = record
        return ultraeasy.encode_record_reply(record.at, record.glucose_mg_dl)

    def _counters(self) -> Link:
        return (Link.SENT if self._sent else Link(0)) | (Link.EXPECTED if self._expected else Link(0))
