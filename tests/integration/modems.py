"""Simulated modems that answer on real pseudo-terminals while a test does something else."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from firmware_sim.clock import Clock
from firmware_sim.modem.faults import SOUND, modem_fault_of
from firmware_sim.modem.modem_on_line import ModemOnLine
from firmware_sim.modem.network import SimulatedNetwork
from firmware_sim.modem.sim_card import SimCard

PATIENCE_S = 20.0
HOME_NUMBER, CENTRE_NUMBER = "+8613800000001", "+8613800000002"
T = TypeVar("T")


class SimulatedModems:
    """An event loop on a thread of its own; what is asked of it is done there."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modems", daemon=True)
        self._thread.start()
        self.network = self.do(lambda: SimulatedNetwork(Clock(), inbox=inbox, delivery_s=0.02))
        self._modems: list[ModemOnLine] = []

    def plug(self, link: Path, number: str, pin: str = "", fault: str = "") -> ModemOnLine:
        def make() -> ModemOnLine:
            modem = ModemOnLine(SimCard(number, pin), link, self.network, answer_s=0.001)
            if fault:
                modem.modem.spoil(modem_fault_of(fault))
            return modem

        modem = self.do(make)
        self._modems.append(modem)
        return modem

    def spoil(self, modem: ModemOnLine, fault: str) -> None:
        """Empty: it is sound again."""
        self.do(lambda: modem.modem.spoil(modem_fault_of(fault) if fault else SOUND))

    def do(self, act: Callable[[], T]) -> T:
        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def close(self) -> None:
        for modem in self._modems:
            self.do(modem.unplug)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()
