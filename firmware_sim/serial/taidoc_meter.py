"""The meter's side of TaiDoc glucose and pressure meters: bytes in, bytes out.

Frames and layouts stand in protocols/taidoc. A frame with a wrong sum is not heard, nor is an unknown command.
"""

from firmware_sim.serial.meter import GlucoseMemory, PressureMemory, StoredGlucose, StoredPressure
from protocols.errors import ReservedValue
from protocols.taidoc import commands
from protocols.taidoc.commands import Command
from protocols.taidoc.frame import NO_DATA, Frame, FrameSplitter, Sender, encode_frame
from protocols.taidoc.records import encode_glucose_value, encode_pressure_value

GLUCOSE_MODEL = "4277"
PRESSURE_MODEL = "3128"
MEMORY_RECORDS = 1000
_HIGHEST_BYTE, _HIGHEST_WORD = 0xFF, 0xFFFF


class _TaiDocMeter:
    """What both families answer alike."""

    def __init__(self, memory: GlucoseMemory | PressureMemory, serial_number: str, model: str) -> None:
        self._of_either = memory
        self._model = model
        self._serial_halves = commands.encode_serial_halves(serial_number)
        self._splitter = FrameSplitter()
        self.erased = 0
        """How often a reader emptied the memory."""

    def receive(self, data: bytes) -> bytes:
        frames = [frame for frame in self._splitter.feed(data) if frame.sender is Sender.HOST]
        replies = [(frame.command, self._reply(frame)) for frame in frames]
        return b"".join(encode_frame(Frame(Sender.METER, command, reply)) for command, reply in replies if reply)

    def _reply(self, frame: Frame) -> bytes:
        """Nothing where the meter stays silent."""
        match frame.command:
            case Command.READ_CLOCK | Command.SET_CLOCK:
                return self._clock(frame)
            case Command.READ_RECORD_TIME | Command.READ_RECORD_VALUE:
                return self._record(frame)
            case Command.CLEAR_MEMORY:
                self._of_either.erase()
                self.erased += 1
                return NO_DATA
            case other:
                return self._about_itself().get(other, b"")

    def _about_itself(self) -> dict[int, bytes]:
        return {
            Command.CONNECT: NO_DATA,
            Command.POWER_OFF: NO_DATA,
            Command.READ_MODEL: commands.encode_model(self._model),
            Command.READ_SERIAL_LOW: self._serial_halves[0],
            Command.READ_SERIAL_HIGH: self._serial_halves[1],
            Command.READ_COUNT: commands.encode_count(len(self._of_either.records)),
        }

    def _clock(self, frame: Frame) -> bytes:
        clock = self._of_either.clock
        if frame.command == Command.SET_CLOCK:
            try:
                clock.set(commands.decode_time(frame.data))
            except ReservedValue:
                return b""
            self._of_either.save()
        return commands.encode_time(clock.now())

    def _record(self, frame: Frame) -> bytes:
        record = self._of_either.newest(commands.decode_index(frame.data))
        if record is None:
            return b""
        if frame.command == Command.READ_RECORD_TIME:
            return commands.encode_time(record.at)
        record.handed_over = True
        return _value(record)


class TaiDocGlucoseMeter(_TaiDocMeter):
    """See `SerialMeter`: a TD-4277."""

    def __init__(self, memory: GlucoseMemory, serial_number: str) -> None:
        super().__init__(memory, serial_number, GLUCOSE_MODEL)
        self.memory = memory


class TaiDocPressureMeter(_TaiDocMeter):
    """See `SerialCuff`: a TD-3128."""

    def __init__(self, memory: PressureMemory, serial_number: str) -> None:
        super().__init__(memory, serial_number, PRESSURE_MODEL)
        self.memory = memory


def _value(record: StoredGlucose | StoredPressure) -> bytes:
    if isinstance(record, StoredGlucose):
        return encode_glucose_value(
            min(record.glucose_mg_dl, _HIGHEST_WORD), meal=record.meal, control_solution=record.control_solution
        )
    return encode_pressure_value(
        min(record.systolic_mm_hg, _HIGHEST_BYTE),
        min(record.diastolic_mm_hg, _HIGHEST_BYTE),
        min(record.pulse_per_minute, _HIGHEST_BYTE),
    )
