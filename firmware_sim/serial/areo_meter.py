"""The meter's side of a Menarini GlucoMen Areo: commands in, text blocks out.

Commands and lines stand in protocols/serial/menarini/. Readings come newest first here; the real meter's order is not
described. A command that it does not know is not answered.
"""

from firmware_sim.serial.meter import GlucoseMemory
from protocols.errors import DecodeError
from protocols.reading import Unit
from protocols.serial.menarini import areo
from protocols.serial.menarini.block import END, NO_READINGS, decode_block, encode_block

VERSION = "1.00"
_LONGEST_COMMAND = 64


class AreoMeter:
    """See `SerialMeter`."""

    def __init__(self, memory: GlucoseMemory, serial_number: str, unit: Unit = Unit.MG_DL) -> None:
        """`unit` is that of the display, and of the readings on the wire."""
        self.memory = memory
        self._info = encode_block(areo.encode_info(areo.Info(serial_number, VERSION)))
        self._unit = unit
        self._pending = bytearray()

    def receive(self, data: bytes) -> bytes:
        self._pending += data
        answer = b""
        while self._pending:
            command = bytes(self._pending)
            if command.startswith(areo.READ_INFO):
                answer += self._info
            elif command.startswith(areo.READ_READINGS):
                answer += self._readings()
            elif areo.SET_CLOCK.startswith(command[:2]):
                end = command.find(END)
                if end < 0 and len(command) < _LONGEST_COMMAND:
                    return answer
                if end >= 0:
                    answer += self._set_clock(command[len(areo.SET_CLOCK) : end + len(END)])
                    del self._pending[: end + len(END)]
                    continue
            del self._pending[0]
        return answer

    def _readings(self) -> bytes:
        records = self.memory.records[::-1]
        for record in records:
            record.handed_over = True
        self.memory.save()
        lines = [areo.encode_reading(record.at, record.glucose_mg_dl, self._unit, record.meal) for record in records]
        return encode_block(lines or [NO_READINGS])

    def _set_clock(self, block: bytes) -> bytes:
        try:
            shown = areo.decode_clock_setting(decode_block(block))
        except DecodeError:
            return areo.REFUSED
        self.memory.clock.set(shown)
        self.memory.save()
        return areo.DONE
