"""What is known of the power, whoever tells it: a UPS on a serial line, or a pin that says that the mains are lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Power:
    mains: bool
    battery_percent: float | None = None
    """None where the supply does not tell it."""


PowerTold = Callable[[Power | None, str | None], None]
"""Called on the event loop: what is known (None: nothing any more), and in one sentence why nothing is."""


class PowerSource(Protocol):
    async def run(self, told: PowerTold) -> None:
        """Until cancelled; tells at least once a minute."""
