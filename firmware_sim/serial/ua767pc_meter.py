"""The meter's side of an A&D UA-767PC: it says each measurement once, when it is done, and hears nothing.

The message stands in protocols/serial/a_and_d/ua767pc.py.
"""

from firmware_sim.serial.meter import PressureMemory
from protocols.serial.a_and_d.ua767pc import encode_failure, encode_measurement

MEMORY_RECORDS = 280
_HIGHEST_BYTE = 0xFF


class Ua767PcMeter:
    """See `SerialCuff` and `SpeaksFirst`. What was said is not said again, heard or not."""

    speaks_every_s = 0.25
    """Its memory stands for as many measurements, told without the minutes between them."""

    def __init__(self, memory: PressureMemory, _serial_number: str) -> None:
        self.memory = memory

    def receive(self, _data: bytes) -> bytes:
        """Any byte wakes it; what commands it knows is not public."""
        return b""

    def switched_on(self) -> bytes:
        record = self.memory.oldest_kept_back()
        if record is None:
            return b""
        record.handed_over = True
        pulse_pressure_mm_hg = record.systolic_mm_hg - record.diastolic_mm_hg
        if not all(
            0 <= number <= _HIGHEST_BYTE
            for number in (pulse_pressure_mm_hg, record.diastolic_mm_hg, record.pulse_per_minute)
        ):
            return encode_failure()
        return encode_measurement(record.systolic_mm_hg, record.diastolic_mm_hg, record.pulse_per_minute)
