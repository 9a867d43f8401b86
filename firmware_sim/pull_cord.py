"""A cord in the bathroom: while somebody pulls it, it connects a pin of the gateway with ground."""

import asyncio
from pathlib import Path

from firmware_sim.pins_file import write_pins

PULL_S = 0.4
LONG_PULL_S = 4.0
"""Longer than any gateway's `alarm.hold_s` is set in our examples: it takes a call back."""


class PullCord:
    def __init__(self, pin: int, pins_file: Path) -> None:
        """Raises OSError where the file cannot be written."""
        self.pins_file = pins_file
        self.pin = pin
        write_pins(pins_file, frozenset())

    async def pull(self, *, long: bool) -> None:
        """Until the cord hangs again."""
        write_pins(self.pins_file, frozenset({self.pin}))
        try:
            await asyncio.sleep(LONG_PULL_S if long else PULL_S)
        finally:
            write_pins(self.pins_file, frozenset())
