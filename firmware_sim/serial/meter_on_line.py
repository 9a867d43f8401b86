"""A serial meter plugged in: its cable is a pseudo-terminal."""

import asyncio
from pathlib import Path
from typing import Generic, TypeVar

from firmware_sim.serial.faults import Fault, FaultyLine
from firmware_sim.serial.meter import SpeaksFirst, WiredMeter
from firmware_sim.serial.pty_line import PtyLine

M = TypeVar("M", bound=WiredMeter)


class MeterOnLine(Generic[M]):
    """Answers whoever opens `link`. Made inside a running event loop; raises OSError where `link` cannot be made."""

    def __init__(self, meter: M, link: Path, fault: Fault | None = None) -> None:
        self.meter = meter
        self.link = link
        self._faulty = FaultyLine(fault)
        self._loop = asyncio.get_running_loop()
        self._free_at_s = 0.0
        self._switch: asyncio.TimerHandle | None = None
        self._plugged = True
        self._line = PtyLine(link, self._received)
        any_meter: WiredMeter = meter
        if isinstance(any_meter, SpeaksFirst):
            self._switch_on(any_meter)

    def unplug(self) -> None:
        """The path is gone; a program that has it open sees a hang-up."""
        self._plugged = False
        if self._switch is not None:
            self._switch.cancel()
        self._line.close()

    def _received(self, data: bytes) -> None:
        self._say(self.meter.receive(data))

    def _switch_on(self, meter: SpeaksFirst) -> None:
        if self._line.set_up:
            self._say(meter.switched_on())
        self._switch = self._loop.call_later(meter.speaks_every_s, self._switch_on, meter)

    def _say(self, answer: bytes) -> None:
        """Answers keep their order, late ones too."""
        if not answer:
            return
        carried, late_s = self._faulty.carry(answer)
        now_s = self._loop.time()
        self._free_at_s = max(self._free_at_s, now_s + late_s)
        if self._free_at_s <= now_s:
            self._send(carried)
        else:
            self._loop.call_at(self._free_at_s, self._send, carried)

    def _send(self, data: bytes) -> None:
        if data and self._plugged:
            self._line.send(data)
