"""A serial meter plugged in: its cable is a pseudo-terminal."""

from pathlib import Path

from firmware_sim.serial.meter import SerialMeter
from firmware_sim.serial.pty_line import PtyLine


class MeterOnLine:
    """Answers whoever opens `link`. Made inside a running event loop; raises OSError where `link` cannot be made."""

    def __init__(self, meter: SerialMeter, link: Path) -> None:
        self.meter = meter
        self.link = link
        self._line = PtyLine(link, self._received)

    def unplug(self) -> None:
        """The path is gone; a program that has it open sees a hang-up."""
        self._line.close()

    def _received(self, data: bytes) -> None:
        answer = self.meter.receive(data)
        if answer:
            self._line.send(answer)
