"""Looks at the bathrooms by the clock: a stay under the shower that grows too long is a call, link or no link."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from edge.alarm.calling import Calling
from edge.clock import Clock
from protocols.alarm.kinds import AlarmKind

LOOK_S, SHORTEST_LOOK_S = 10.0, 0.2


class Bathroom(Protocol):
    @property
    def name(self) -> str:
        """Of its sensor."""

    def stays_too_long(self) -> bool:
        """True once for each stay."""


class LongStays:
    def __init__(self, bathrooms: Sequence[Bathroom], calling: Calling, clock: Clock) -> None:
        self._bathrooms = bathrooms
        self._calling = calling
        self._look_s = max(LOOK_S / clock.speed, SHORTEST_LOOK_S)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self._look_s)

    def look(self) -> None:
        for bathroom in self._bathrooms:
            if bathroom.stays_too_long():
                self._calling.notice(bathroom.name, AlarmKind.LONG_STAY)
