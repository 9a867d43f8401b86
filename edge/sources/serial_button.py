"""A pull cord or button on a serial port, most often a USB adapter: the contact connects RTS with CTS.

RTS is raised and CTS is looked at, fifty times a second: a control line says nothing by itself. No byte is sent, so
any adapter with both lines will do. One that was pulled out is told, and taken up again when it is back.
"""

import asyncio
import threading
from collections.abc import Callable

import serial
import structlog
from serial.tools import list_ports

from edge.alarm.contact import ContactTrigger
from edge.errors import Temporary
from edge.reasons import reason_of
from edge.usb_ports import NoSuchPort, Ports, find_port

_log = structlog.get_logger()

LOOK_S = 0.02
STEADY_LOOKS = 2
"""So many looks in a row must agree: a contact bounces."""
AGAIN_S = 1.0
ALIVE_LOOKS = 500

Tell = Callable[[Callable[[], object]], object]


class SerialButton:
    def __init__(self, port: str, contact: ContactTrigger, ports: Ports = list_ports.comports) -> None:
        """`port`: `usb:VENDOR:PRODUCT`, a path, or a URL that pyserial knows."""
        self._port = port
        self._contact = contact
        self._ports = ports
        self._stop = threading.Event()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(
            target=self._watch, args=(loop.call_soon_threadsafe,), name=f"contact {self._port}", daemon=True
        )
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._stop.set()
            await asyncio.to_thread(thread.join, 2.0)

    def _watch(self, tell: Tell) -> None:
        while not self._stop.is_set():
            try:
                self._look(tell)
            except (OSError, ValueError, Temporary) as error:  # SerialException is an OSError
                sentence = (
                    str(error) if isinstance(error, NoSuchPort) else f"port {self._port} is lost: {reason_of(error)}"
                )
                tell(lambda: self._broken(sentence))  # noqa: B023 - carried out before the next sentence is made
            self._stop.wait(AGAIN_S)

    def _broken(self, sentence: str) -> None:
        if self._contact.broken(sentence):
            _log.warning("contact_away", device=self._contact.name, problem=sentence)

    def _look(self, tell: Tell) -> None:
        where = self._port if "://" in self._port else find_port(self._port, self._ports)
        with serial.serial_for_url(where, timeout=0, rtscts=False) as port:
            port.rts = True
            was, seen, looks = False, 0, 0
            while not self._stop.wait(LOOK_S):
                seen = seen + 1 if bool(port.cts) is not was else 0
                if looks % ALIVE_LOOKS == 0:
                    tell(self._contact.alive)
                looks += 1
                if seen >= STEADY_LOOKS:
                    was, seen = not was, 0
                    tell(self._contact.closed if was else self._contact.opened)
