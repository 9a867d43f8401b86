"""The meter's side of a LifeScan OneTouch Verio IQ: bytes in, bytes out.

Commands and replies stand in protocols/serial/lifescan/verio_iq.py. Index 0 is the newest record here; the real
meter's order is not described. A frame with a wrong CRC or with link bits is not heard.
"""

from firmware_sim.serial.meter import GlucoseMemory
from protocols.errors import DecodeError
from protocols.reading import Unit
from protocols.serial.lifescan import verio_iq
from protocols.serial.lifescan.command import Command, CommandKind
from protocols.serial.lifescan.frame import FrameSplitter, Link, encode_frame

VERSION = "01.01.00"
_HIGHEST_WORD = 0xFFFF


class VerioIqMeter:
    """See `SerialMeter`. Erasing is carried out and counted, as the real meter does it unasked."""

    def __init__(self, memory: GlucoseMemory, serial_number: str, unit: Unit = Unit.MMOL_L) -> None:
        """`unit` is that of the display; records travel in mg/dL whatever it is."""
        self.memory = memory
        self.erased = 0
        """How often a reader emptied the memory."""
        self._serial_number = serial_number
        self._unit = unit
        self._splitter = FrameSplitter()

    def receive(self, data: bytes) -> bytes:
        frames = self._splitter.feed(data)
        return b"".join(encode_frame(Link(0), self._reply(frame.payload)) for frame in frames if not frame.link)

    def _reply(self, payload: bytes) -> bytes:
        try:
            command = verio_iq.decode_command(payload)
        except DecodeError:
            prefix = payload[0] if payload and payload[0] in verio_iq.PREFIXES else verio_iq.PREFIX
            return verio_iq.encode_refusal(prefix)
        match command.kind:
            case CommandKind.READ_RECORD:
                return self._record(command)
            case CommandKind.SET_CLOCK | CommandKind.ERASE:
                return self._changed(command)
            case asked:
                return self._told(asked, command.prefix)

    def _told(self, asked: CommandKind, prefix: int) -> bytes:
        replies = {
            CommandKind.READ_SERIAL: verio_iq.encode_serial_reply(self._serial_number, prefix),
            CommandKind.READ_VERSION: verio_iq.encode_version_reply(VERSION, prefix),
            CommandKind.READ_UNIT: verio_iq.encode_unit_reply(self._unit, prefix),
            CommandKind.READ_CLOCK: verio_iq.encode_clock_reply(self.memory.clock.now(), prefix),
            CommandKind.READ_COUNT: verio_iq.encode_count_reply(len(self.memory.records), prefix),
        }
        return replies[asked]

    def _record(self, command: Command) -> bytes:
        record = self.memory.newest(command.index)
        if record is None:
            return verio_iq.encode_refusal(command.prefix)
        record.handed_over = True
        return verio_iq.encode_record_reply(
            record.at,
            min(record.glucose_mg_dl, _HIGHEST_WORD),
            record.meal,
            control_solution=record.control_solution,
            prefix=command.prefix,
        )

    def _changed(self, command: Command) -> bytes:
        if command.device_time is not None:
            self.memory.clock.set(command.device_time)
            self.memory.save()
        else:
            self.memory.erase()
            self.erased += 1
        return verio_iq.encode_done_reply(command.prefix)
