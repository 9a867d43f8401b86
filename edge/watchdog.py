"""systemd is told that the gateway is up, and then again and again that its event loop turns (sd_notify(3))."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

_PARTS_OF_TIME = 3
"""So often within the time after which systemd kills and starts anew."""


class Watchdog:
    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Does nothing where systemd does not watch."""
        self._address = environment.get("NOTIFY_SOCKET", "")
        within_us = environment.get("WATCHDOG_USEC", "")
        for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._every_s = int(within_us) / 1e6 / _PARTS_OF_TIME if within_us.isdecimal() and for_us else 0.0

    async def run(self) -> None:
        """Until cancelled. The first word is that we are up."""
        self._say("READY=1")
        while self._every_s:
            self._say("WATCHDOG=1")
            await asyncio.sleep(self._every_s)
        await asyncio.Event().wait()

    def _say(self, words: str) -> None:
        if not self._address:
            return
        # a name in the abstract namespace is written with @
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect(address)
            line.send(words.encode())
