"""A UPS board that says on a pin that the mains are lost (Geekworm X728: high on GPIO 6)."""

import asyncio

import gpiozero
from gpiozero.pins import Factory

from edge.power.supply import Power, PowerTold

LOOK_S = 2.0
AGAIN_S = 60.0


class MainsPin:
    def __init__(self, pin: int, factory: Factory | None = None) -> None:
        """`pin` by its Broadcom number, high while the mains are lost."""
        self._pin = pin
        self._factory = factory

    async def run(self, told: PowerTold) -> None:
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        while True:
            try:
                line = gpiozero.DigitalInputDevice(self._pin, pull_up=False, pin_factory=self._factory)
            except (gpiozero.GPIOZeroError, OSError, ImportError) as error:
                told(None, f"the power's pin gpio:{self._pin} cannot be used: {error or type(error).__name__}")
                await asyncio.sleep(AGAIN_S)
                continue
            try:
                line.when_activated = line.when_deactivated = lambda: loop.call_soon_threadsafe(changed.set)
                while True:
                    changed.clear()
                    told(Power(mains=not line.is_active), None)
                    try:
                        async with asyncio.timeout(LOOK_S):
                            await changed.wait()
                    except TimeoutError:
                        continue
            finally:
                line.close()
