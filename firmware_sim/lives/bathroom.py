"""The bathroom: showers put into real bathroom visits, and what a shower does to the air.

TIHM knows movement only; showers are generated (`DATA_NOTE`) so that the humidity sensor has something to measure.
"""

import math
import random
from collections.abc import Sequence

from firmware_sim.lives.events import BathroomMotion, ShowerTaken

DATA_NOTE = "Showers and the air of the bathroom: generated."
_SHOWER_HOURS = (*range(7, 11), *range(19, 22))
_SHOWER_DAYS = 0.55
_RESTING_HUMIDITY_PERCENT = 54.0
_RESTING_TEMPERATURE_C = 22.4
_FULL_STEAM_PERCENT = 40.0
_FULL_WARMTH_C = 3.2
_RISE_MIN = 3.5
_FALL_MIN = 19.0


def showers_of_day(seed: int, number: int, motions: Sequence[BathroomMotion]) -> tuple[ShowerTaken, ...]:
    """None or one shower, begun with one of the day's movements: the same for the same seed and day number."""
    draw = random.Random(f"shower {seed} {number}")
    visits = [motion.at for motion in motions if motion.at.hour in _SHOWER_HOURS]
    if not visits or draw.random() > _SHOWER_DAYS:
        return ()
    return (ShowerTaken(draw.choice(visits), draw.randint(6, 14)),)


def bathroom_air(since_shower_began_min: float | None, shower_min: float) -> tuple[float, float]:
    """Relative humidity (%) and temperature (C) so many minutes after a shower of `shower_min` began.

    None for the time means that nobody showered yet. Steam rises and falls exponentially.
    """
    if since_shower_began_min is None or since_shower_began_min < 0:
        steam = 0.0
    elif since_shower_began_min <= shower_min:
        steam = 1 - math.exp(-since_shower_began_min / _RISE_MIN)
    else:
        peak = 1 - math.exp(-shower_min / _RISE_MIN)
        steam = peak * math.exp(-(since_shower_began_min - shower_min) / _FALL_MIN)
    return (
        round(_RESTING_HUMIDITY_PERCENT + _FULL_STEAM_PERCENT * steam, 2),
        round(_RESTING_TEMPERATURE_C + _FULL_WARMTH_C * steam, 2),
    )
