"""A believable, generated glucose history: TIHM has none, and pages say so (`DATA_NOTE`).

The person is an elder with type 2 diabetes on tablets: fasting around 7 mmol/L, two hours after supper around 10,
good and bad weeks (a slow drift shared by all values of a day).
No alarm is hidden in it: a scripted day adds its own.
"""

import math
import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from firmware_sim.lives.events import GlucoseTaken
from protocols.reading import Meal

DATA_NOTE = "Glucose: generated."
_DRIFT_PERIOD_DAYS = 17
_NEW_VIAL_EVERY_DAYS = 25  # fifty strips, two a day
_PLAUSIBLE_MG_DL = (74, 268)


@dataclass(frozen=True)
class GlucoseHabit:
    fasting_mg_dl: float = 126.0
    after_supper_mg_dl: float = 178.0
    spread_mg_dl: float = 15.0
    supper_measured: float = 0.6
    """Part of the days on which the value after supper is taken, with the serial meter."""
    serial_meter: bool = True
    """False: the home has the Bluetooth meter only, and it takes both values."""


def glucose_of_day(seed: int, number: int, day: date, habit: GlucoseHabit) -> tuple[GlucoseTaken, ...]:
    """What is measured on `day`, the day `number` of the life: the same for the same seed, number and habit."""
    draw = random.Random(f"glucose {seed} {number}")
    drift = 12.0 * math.sin(2 * math.pi * (number + seed % _DRIFT_PERIOD_DAYS) / _DRIFT_PERIOD_DAYS)
    taken = []
    if number % _NEW_VIAL_EVERY_DAYS == seed % _NEW_VIAL_EVERY_DAYS:
        at = _around(day, time(6, 20), draw, spread_min=5)
        taken.append(GlucoseTaken(at, "ble", draw.randint(98, 122), control_solution=True))
    morning = _around(day, time(6, 50), draw, spread_min=18)
    taken.append(GlucoseTaken(morning, "ble", _value(habit.fasting_mg_dl + drift, habit, draw), Meal.FASTING))
    if draw.random() < habit.supper_measured:
        evening = _around(day, time(19, 50), draw, spread_min=35)
        value = _value(habit.after_supper_mg_dl + 1.5 * drift, habit, draw)
        taken.append(GlucoseTaken(evening, "serial" if habit.serial_meter else "ble", value, Meal.AFTER_MEAL))
    return tuple(taken)


def _value(centre: float, habit: GlucoseHabit, draw: random.Random) -> int:
    low, high = _PLAUSIBLE_MG_DL
    return round(min(max(draw.gauss(centre, habit.spread_mg_dl), low), high))


def _around(day: date, at: time, draw: random.Random, spread_min: float) -> datetime:
    """A minute near `at`, never further than three spreads from it."""
    minutes = min(max(draw.gauss(0, spread_min), -3 * spread_min), 3 * spread_min)
    return datetime.combine(day, at) + timedelta(seconds=round(minutes * 60))
