"""The pins of a gateway in a simulated home: gpiozero's own mock pins, moved by whoever pulls the cord.

gpiozero loads it where GPIOZERO_PIN_FACTORY=doorstep-sim; DOORSTEP_SIM_PINS names the home's file, which the run file
tells. So the gateway's own code runs on them as it does on a Raspberry Pi.
"""

import os
import threading
from pathlib import Path

from gpiozero.pins.mock import MockFactory

from firmware_sim.pins_file import PINS_VARIABLE, read_pins

_LOOK_S = 0.02


class HomePins(MockFactory):  # type: ignore[misc]  # gpiozero is not read by mypy
    def __init__(self) -> None:
        """Raises KeyError where DOORSTEP_SIM_PINS is not set."""
        super().__init__()
        self._path = Path(os.environ[PINS_VARIABLE])
        self._ended = threading.Event()
        threading.Thread(target=self._follow, name="pins", daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        super().close()

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_S):
            grounded = {f"GPIO{pin}" for pin in read_pins(self._path)}
            for info, pin in list(self.pins.items()):
                if pin.function == "input":
                    (pin.drive_low if info.name in grounded else pin.drive_high)()
