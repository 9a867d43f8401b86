"""What a shower is, whichever witness saw it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=2)
"""Less is rinsing a foot or a tub."""
LONGEST = timedelta(minutes=60)
"""More is weather, or a tap left open."""


@dataclass(frozen=True)
class Shower:
    began: datetime
    """UTC. It never changes once it is told: a shower is itself by it."""
    ended: datetime
    quick_percent: float = 0.0
    """The most that the relative humidity rose within a few minutes; 0 where water was the witness."""
    rose_percent: float = 0.0
    """The same from the foot of the leap to its top."""

    @property
    def minutes(self) -> float:
        return (self.ended - self.began) / timedelta(minutes=1)

    @property
    def believable(self) -> bool:
        return SHORTEST <= self.ended - self.began <= LONGEST
