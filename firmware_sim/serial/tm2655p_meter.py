"""The meter's side of an A&D TM-2655P: it says each result when it is done, and the last one again when asked.

Frames stand in protocols/serial/a_and_d/tm2655p.py. A command to measure is refused: no arm is in the cuff.
"""

from firmware_sim.serial.meter import PressureMemory, StoredPressure
from protocols.errors import DecodeError
from protocols.serial.a_and_d import tm2655p

MEMORY_RECORDS = 100
_LONGEST_COMMAND = 64


class Tm2655PMeter:
    """See `SerialCuff` and `SpeaksFirst`."""

    speaks_every_s = 0.25
    """A result of some 55 characters takes so long at 2400 baud."""

    def __init__(self, memory: PressureMemory, _serial_number: str) -> None:
        self.memory = memory
        self._splitter = tm2655p.FrameSplitter()

    def receive(self, data: bytes) -> bytes:
        try:
            commands = self._splitter.feed(data[:_LONGEST_COMMAND])
        except DecodeError:
            return tm2655p.NOT_DONE
        return b"".join(self._reply(command) for command in commands)

    def switched_on(self) -> bytes:
        record = self.memory.oldest_kept_back()
        return b"" if record is None else self._result(record)

    def _reply(self, command: bytes) -> bytes:
        record = self.memory.newest(0)
        if command != b"RB" or record is None:
            return tm2655p.NOT_DONE
        return tm2655p.HEARD + self._result(record)

    def _result(self, record: StoredPressure) -> bytes:
        record.handed_over = True
        mean_mm_hg = record.diastolic_mm_hg + (record.systolic_mm_hg - record.diastolic_mm_hg) // 3
        return tm2655p.encode_frame(
            tm2655p.encode_result(
                record.at, record.systolic_mm_hg, mean_mm_hg, record.diastolic_mm_hg, record.pulse_per_minute
            )
        )
