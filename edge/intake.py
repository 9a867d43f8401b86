"""The one way into the outbox: durable first, then counted, then the uplink is woken."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from edge.errors import Temporary
from edge.figures import Figures
from edge.outbox import Outbox
from protocols.reading import Reading

_log = structlog.get_logger()

MOST_WAITING = 10_000
"""Sensor values kept in memory while the disk takes nothing; then the oldest are given up."""


class Intake:
    def __init__(self, outbox: Outbox, figures: Figures, wake_uplink: Callable[[], None]) -> None:
        self._outbox = outbox
        self._figures = figures
        self._wake_uplink = wake_uplink
        self._offered: deque[Reading] = deque()
        self._something = asyncio.Event()

    def put(self, readings: Sequence[Reading]) -> int:
        """Durable when it returns, with how many were new. For threads: it waits for the disk.

        Raises Temporary when the disk takes nothing: do not let the meter go.
        """
        try:
            new = self._outbox.put(readings)
        except Temporary as error:
            self._figures.disk(str(error))
            raise
        self._figures.disk(None)
        self._figures.readings.inc(new)
        self._figures.known.inc(len(readings) - new)
        if new:
            self._wake_uplink()
        return new

    async def take(self, readings: Sequence[Reading]) -> int:
        """Like `put`, but waits until the disk takes them: for what the device has erased already.

        Cancelled in the middle, they are offered: nobody waits any longer, and they are not to be lost.
        """
        try:
            while True:
                try:
                    return await asyncio.to_thread(self.put, readings)
                except Temporary as error:
                    _log.error("disk_waits", problem=str(error), readings=len(readings))
                    retry_after_s = error.retry_after_s
                await asyncio.sleep(retry_after_s)
        except asyncio.CancelledError:
            self.offer(readings)
            raise

    def offer(self, readings: Sequence[Reading]) -> None:
        """For what a sensor said to nobody in particular: written soon, by `write_offered`. Never blocks."""
        for reading in readings:
            if len(self._offered) >= MOST_WAITING:
                self._offered.popleft()
                self._figures.dropped.inc()
            self._offered.append(reading)
        self._something.set()

    async def write_offered(self) -> None:
        """Writes what was offered, many at a time, until cancelled; then what is left."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while self._offered:
                    batch = list(self._offered)
                    self._offered.clear()
                    await self.take(batch)
        finally:
            if self._offered:
                self.put(list(self._offered))
