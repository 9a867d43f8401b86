"""Runs one part of the simulator until a signal, its own end, or the death of the process that started it."""

import asyncio
import os
import signal
from collections.abc import Coroutine

PARENT_LOOK_S = 1.0


class Foreground:
    """Made first thing inside the event loop, so that a signal during the start is not lost."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._parent = os.getppid()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._told.set)

    async def until_told(self, broken: Coroutine[None, None, str] | None = None) -> str | None:
        """Returns None on SIGTERM, SIGINT or when the parent has died; else the sentence that `broken` returned."""
        loop = asyncio.get_running_loop()
        breaking = [] if broken is None else [loop.create_task(broken)]
        waits = [loop.create_task(self._told.wait()), loop.create_task(self._parent_dies()), *breaking]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return next((task.result() for task in breaking if task.done()), None)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _parent_dies(self) -> None:
        """Looks, since the kernel's death signal follows the thread that started us and not the process."""
        while os.getppid() == self._parent:  # noqa: ASYNC110 - nothing tells us; this is the polling
            await asyncio.sleep(PARENT_LOOK_S)
