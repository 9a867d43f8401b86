"""What happens in a home at a certain minute. Times are naive: the clock on the home's wall."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from protocols.reading import Meal

GlucoseMeter = Literal["ble", "serial"]


@dataclass(frozen=True)
class PressureTaken:
    at: datetime
    systolic_mm_hg: int
    diastolic_mm_hg: int
    pulse_per_minute: int


@dataclass(frozen=True)
class GlucoseTaken:
    at: datetime
    meter: GlucoseMeter
    glucose_mg_dl: int
    meal: Meal | None = None
    control_solution: bool = False
    """A drop from the bottle that checks a new vial of strips, not from a finger."""


@dataclass(frozen=True)
class BathroomMotion:
    at: datetime


@dataclass(frozen=True)
class ShowerTaken:
    at: datetime
    minutes: int


Event = PressureTaken | GlucoseTaken | BathroomMotion | ShowerTaken
"""Pressure and glucose are kept in a meter's memory; the others are only on the air while they happen."""
