"""The meter's side of a LifeScan OneTouch Ultra2: characters in, lines out.

Commands and lines stand in protocols/serial/lifescan/ultra2.py. A command that it does not know is not answered.
"""

from firmware_sim.serial.meter import GlucoseMemory
from protocols.reading import Unit
from protocols.serial.lifescan import ultra2
from protocols.serial.lifescan.ultra2 import MemoryHeader
from protocols.serial.lines import LineSplitter

VERSION = "P02.00.00 30/08/06"
_HIGHEST_DIGITS = 999
_WAKE = b"\x11"


class Ultra2Meter:
    """See `SerialMeter`. Erasing is carried out and counted, as the real meter does it unasked."""

    def __init__(self, memory: GlucoseMemory, serial_number: str, unit: Unit = Unit.MMOL_L) -> None:
        """`unit` is that of the display; records travel in mg/dL whatever it is."""
        self.memory = memory
        self.erased = 0
        """How often a reader emptied the memory."""
        self._serial_number = serial_number
        self._unit = unit
        self._splitter = LineSplitter()

    def receive(self, data: bytes) -> bytes:
        return b"".join(self._answer(line.rpartition(_WAKE)[2]) for line in self._splitter.feed(data))

    def _answer(self, command: bytes) -> bytes:
        if command == ultra2.READ_MEMORY:
            return self._memory_lines()
        if command == ultra2.ERASE:
            self.memory.erase()
            self.erased += 1
            return ultra2.encode_line("Z")
        if command.startswith(ultra2.SET_CLOCK):
            return self._set_clock(command)
        lines = {
            ultra2.READ_VERSION: ultra2.encode_version_line(VERSION),
            ultra2.READ_SERIAL: ultra2.encode_serial_line(self._serial_number),
            ultra2.READ_CLOCK: ultra2.encode_clock_line(self.memory.clock.now()),
            ultra2.READ_UNIT: ultra2.encode_unit_line(self._unit),
        }
        return lines.get(command, b"")

    def _set_clock(self, command: bytes) -> bytes:
        shown = ultra2.decode_clock_setting(command)
        if shown is None:
            return b""
        self.memory.clock.set(shown)
        self.memory.save()
        return ultra2.encode_clock_line(self.memory.clock.now(), "T")

    def _memory_lines(self) -> bytes:
        records = self.memory.records
        answer = ultra2.encode_header_line(MemoryHeader(len(records), self._serial_number, self._unit))
        for record in reversed(records):
            record.handed_over = True
            answer += ultra2.encode_record_line(
                record.at,
                min(record.glucose_mg_dl, _HIGHEST_DIGITS),
                record.meal,
                control_solution=record.control_solution,
            )
        self.memory.save()
        return answer
