"""A modem plugged in: its cable is a pseudo-terminal. It can be pulled out and put back."""

import asyncio
import random
from pathlib import Path

from firmware_sim.modem.at_modem import AtModem
from firmware_sim.modem.network import SimulatedNetwork
from firmware_sim.modem.sim_card import SimCard
from firmware_sim.serial.pty_line import PtyLine

ANSWER_S = 0.005
_SEED = 1


class ModemOnLine:
    """Answers whoever opens `link`. Made inside a running event loop; raises OSError where `link` cannot be made."""

    def __init__(self, sim: SimCard, link: Path, network: SimulatedNetwork, *, answer_s: float = ANSWER_S) -> None:
        self.link = link
        self.modem = AtModem(sim, network, self._say)
        self._network = network
        self._answer_s = answer_s
        self._loop = asyncio.get_running_loop()
        self._free_at_s = 0.0
        self._noise = random.Random(_SEED)
        self._line: PtyLine | None = None
        self.plug()

    def plug(self) -> None:
        """Power on: the line is there, the settings are those of the factory."""
        self._line = PtyLine(self.link, self.modem.receive)
        self._network.attach(self.modem.sim.number, self.modem)

    def unplug(self) -> None:
        """The path is gone; a program that has it open sees a hang-up."""
        if self._line is None:
            return
        self._network.detach(self.modem.sim.number)
        self._line.close()
        self._line = None
        fault = self.modem.fault
        self.modem = AtModem(self.modem.sim, self._network, self._say)
        self.modem.sim.unlocked = False
        self.modem.spoil(fault)

    def _say(self, answer: bytes) -> None:
        """Answers keep their order, late ones too."""
        fault = self.modem.fault
        if not fault.answers:
            return
        if fault.garbage:
            answer = self._noise.randbytes(len(answer))
        self._free_at_s = max(self._free_at_s, self._loop.time() + self._answer_s + fault.late_s)
        self._loop.call_at(self._free_at_s, self._send, answer)

    def _send(self, data: bytes) -> None:
        if self._line is not None:
            self._line.send(data)
