"""The meter's side of Abbott FreeStyle meters: lines in, text out.

The memory's text stands in protocols/serial/abbott/dump.py. Clock and unit are told as glucometer-protocols has it for
the Optium; nothing erases.
"""

from datetime import datetime

from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from protocols.serial.abbott.dump import CONTROL_SOLUTION, LITE, OPTIUM, Dialect, encode_dump, encode_result
from protocols.serial.lines import LineSplitter

_DONE = b"CMD OK\r\n"
_NOT_DONE = b"CMD Fail!\r\n"


class _FreeStyleMeter:
    def __init__(self, memory: GlucoseMemory, serial_number: str, dialect: Dialect, version: str) -> None:
        self.memory = memory
        self._serial_number = serial_number
        self._dialect = dialect
        self._version = version
        self._lines = LineSplitter()

    def receive(self, data: bytes) -> bytes:
        return b"".join(self._answer(line) for line in self._lines.feed(data))

    def _answer(self, command: bytes) -> bytes:
        if command == self._dialect.command.strip():
            return self._dump()
        if command == b"$colq" and self._dialect is OPTIUM:
            return self._about_itself()
        if command.startswith(b"$tim,"):
            return self._set_clock(command)
        return _NOT_DONE

    def _dump(self) -> bytes:
        newest_first = self.memory.records[::-1]
        for record in newest_first:
            record.handed_over = True
        results = [
            encode_result(self._dialect, record.at, record.glucose_mg_dl, _status(record)) for record in newest_first
        ]
        return encode_dump(self._dialect, self._serial_number, self._version, self.memory.clock.now(), results)

    def _about_itself(self) -> bytes:
        lines = (
            f"S/N:\t{self._serial_number}",
            f"Ver:\t{self._version}\tMMOL",
            self.memory.clock.now().strftime("Clock:\t%b  %d %Y\t%H:%M:%S"),
            "Market:\t1\t1",
            "ROM:\t1\t1\t1\t1",
            f"Usage:\t{len(self.memory.records)}",
        )
        return "".join(f"{line}\r\n" for line in lines).encode("ascii") + _DONE

    def _set_clock(self, command: bytes) -> bytes:
        try:
            shown = datetime.strptime(command.decode("ascii"), "$tim,%m,%d,%y,%H,%M")  # noqa: DTZ007 - no zone
        except ValueError:
            return _NOT_DONE
        self.memory.clock.set(shown)
        self.memory.save()
        return _DONE


class OptiumMeter(_FreeStyleMeter):
    """See `SerialMeter`."""

    def __init__(self, memory: GlucoseMemory, serial_number: str) -> None:
        super().__init__(memory, serial_number, OPTIUM, "0.22")


class LiteMeter(_FreeStyleMeter):
    """See `SerialMeter`."""

    def __init__(self, memory: GlucoseMemory, serial_number: str) -> None:
        super().__init__(memory, serial_number, LITE, "1.43 -P")


def _status(record: StoredGlucose) -> int:
    return CONTROL_SOLUTION if record.control_solution else 0
