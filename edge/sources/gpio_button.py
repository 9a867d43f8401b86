"""A pull cord or button on one of the gateway's pins: the contact connects the pin with ground.

gpiozero finds the pins (lgpio on a Raspberry Pi; GPIOZERO_PIN_FACTORY=mock where there are none). It watches them in
a thread of its own.
"""

import asyncio

import gpiozero
import structlog
from gpiozero.pins import Factory

from edge.alarm.contact import ContactTrigger

_log = structlog.get_logger()

BOUNCE_S = 0.02
AGAIN_S = 60.0
LOOK_S = 60.0


class GpioButton:
    def __init__(self, pin: int, contact: ContactTrigger, factory: Factory | None = None) -> None:
        """`pin` by its Broadcom number; `factory` None: gpiozero's own choice."""
        self._pin = pin
        self._contact = contact
        self._factory = factory

    async def run(self) -> None:
        """Until cancelled. A pin that cannot be had is told once and tried again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                button = gpiozero.Button(self._pin, pull_up=True, bounce_time=BOUNCE_S, pin_factory=self._factory)
            except (gpiozero.GPIOZeroError, OSError, ImportError) as error:
                sentence = f"pin gpio:{self._pin} cannot be used: {error or type(error).__name__}"
                if self._contact.broken(sentence):
                    _log.warning("pin_away", device=self._contact.name, problem=sentence)
                await asyncio.sleep(AGAIN_S)
                continue
            try:
                button.when_pressed = lambda: loop.call_soon_threadsafe(self._contact.closed)
                button.when_released = lambda: loop.call_soon_threadsafe(self._contact.opened)
                if button.is_pressed:  # held while the gateway started: better one call too many
                    self._contact.closed()
                while True:
                    self._contact.alive()
                    await asyncio.sleep(LOOK_S)
            finally:
                button.close()
