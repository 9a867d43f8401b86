"""How many wishes to expect next month: a plain seasonal forecast, with its error. Pure.

The mean of the last months is what is usual now. Where a year and more is known, it is multiplied by how the same month
of a year ago stood to the months before it. The error is how far the same rule would have been off in the past, month
by month, knowing only what came before each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

USUAL_MONTHS = 3
YEAR = 12
_MOST_SEASON = 3.0
"""A season raises or lowers what is usual at most so many times: a few wishes a year ago say little."""
_JUDGED = 12
"""So many past months at most say how good the forecast is."""
LEAST_MONTHS = 3
"""Of whole months known; below that nothing is forecast."""


@dataclass(frozen=True)
class Forecast:
    expected: float
    error: float | None
    """Mean of how far it was off in past months, in wishes; None: too little is known to say."""
    judged: int
    """So many past months say that."""
    seasonal: bool


def forecast(counts: Sequence[int]) -> Forecast | None:
    """Of the month after `counts`, whole months in their order, without gaps. None: too little is known."""
    if len(counts) < LEAST_MONTHS:
        return None
    expected, seasonal = _expected(counts)
    misses = [
        abs(_expected(counts[:month])[0] - counts[month])
        for month in range(max(LEAST_MONTHS, len(counts) - _JUDGED), len(counts))
    ]
    error = sum(misses) / len(misses) if misses else None
    return Forecast(expected, error, len(misses), seasonal)


def _expected(counts: Sequence[int]) -> tuple[float, bool]:
    usual = _mean(counts[-USUAL_MONTHS:])
    if len(counts) < YEAR + USUAL_MONTHS:
        return usual, False
    a_year_ago = counts[-YEAR]
    before_it = _mean(counts[-YEAR - USUAL_MONTHS : -YEAR])
    # one wish more on both sides, so that a month without any forbids nothing
    season = (a_year_ago + 1) / (before_it + 1)
    return usual * min(max(season, 1 / _MOST_SEASON), _MOST_SEASON), True


def _mean(counts: Sequence[int]) -> float:
    return sum(counts) / len(counts)
