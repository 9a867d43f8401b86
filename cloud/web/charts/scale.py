"""From values and times to places on the paper, and the round numbers at the edges."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Line:
    """The straight line that takes [low, high] to [start, end]; a zero span goes to the middle."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def within(self, value: float) -> float:
        """Like `at`, but never beyond the paper."""
        first, last = sorted((self.start, self.end))
        return min(max(self.at(value), first), last)


def round_step(span: float, wanted: int) -> float:
    """The 1, 2, 2.5 or 5 times a power of ten that divides `span` into about `wanted` parts."""
    raw = span / max(wanted, 1)
    if raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw - 1e-12)


def round_edges(low: float, high: float, wanted: int = 4) -> tuple[float, float, list[float]]:
    """Edges widened to round numbers, and the ticks between them."""
    if low == high:
        low, high = low - 1, high + 1
    step = round_step(high - low, wanted)
    first, last = math.floor(low / step), math.ceil(high / step)
    return first * step, last * step, [round(n * step, 6) for n in range(first, last + 1)]


def day_starts(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Midnights of the home's zone in [begin, end]."""
    local = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while local <= end:
        if local >= begin:
            yield local
        local = (local + timedelta(days=1, hours=2)).replace(hour=0)


def tick_days(begin: datetime, end: datetime, zone: ZoneInfo, wanted: int) -> list[datetime]:
    """Days to write on the time axis: every n-th midnight, n chosen so that about `wanted` stand there."""
    starts = list(day_starts(begin, end, zone))
    every = next((n for n in (1, 2, 7, 14, 28, 56, 91) if len(starts) / n <= wanted + 0.5), 182)
    return starts[::-1][::every][::-1]
