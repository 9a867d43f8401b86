"""Keeps the alarm's process alive, and wakes it for a press. Seen from the gateway's process."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.alarm.call import Call
from edge.alarm.pipe_words import WAKE, line_of
from edge.errors import Permanent
from edge.processes import ALARM, command_of

_log = structlog.get_logger()

GOODBYE_S = 5.0
RESTART_PAUSE_S = 0.5
MOST_DEATHS, WITHIN_S = 8, 60.0


class AlarmChild:
    def __init__(self, config_path: Path) -> None:
        self._command = command_of(ALARM, config_path)
        self._process: asyncio.subprocess.Process | None = None
        self._started: Callable[[], None] = lambda: None

    def on_started(self, told: Callable[[], None]) -> None:
        """`told` is called whenever a process begins: what is not in the journal must be told to it."""
        self._started = told

    def wake(self) -> None:
        """There is a press in the journal. A child that is just being started finds it there by itself."""
        self._write(WAKE)

    def tell(self, call: Call) -> None:
        """A call that the journal does not take."""
        self._write(line_of(call))

    def _write(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(line)

    async def keep_alive(self) -> None:
        """Until cancelled. Raises Permanent when the child dies again and again: then all must be started anew."""
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        try:
            while True:
                self._process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
                self._started()
                code = await self._process.wait()
                _log.error("alarm_process_died", code=code)
                deaths.append(time.monotonic())
                if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < WITHIN_S:
                    raise Permanent(f"the alarm's process died {MOST_DEATHS} times within {WITHIN_S:.0f} s")
                await asyncio.sleep(RESTART_PAUSE_S)
        finally:
            await asyncio.shield(self._end())

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GOODBYE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
