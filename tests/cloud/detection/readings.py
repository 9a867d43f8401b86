"""Makers of readings for the pure tests."""

from datetime import datetime, timedelta

from cloud.detection.model import Observation
from protocols.reading import Flag, Metric


def create_reading(
    metric: Metric, value: float, at: datetime, *flags: Flag, arrives_after: timedelta = timedelta(seconds=5)
) -> Observation:
    return Observation(metric, value, at, at + arrives_after, frozenset(flags))


def create_pressure(systolic: float, diastolic: float, at: datetime, *flags: Flag) -> list[Observation]:
    """What a cuff gives for one measurement."""
    return [
        create_reading(Metric.SYSTOLIC, systolic, at, *flags),
        create_reading(Metric.DIASTOLIC, diastolic, at, *flags),
    ]


def create_weeks(metric: Metric, value: float, now: datetime, days: int = 30) -> list[Observation]:
    """A usual life: morning and evening, a little around `value`, up to two days ago."""
    readings = []
    for day in range(2, days):
        for hour, sway in ((8, (day % 5) - 2), (20, 2 - (day % 4))):
            at = (now - timedelta(days=day)).replace(hour=hour, minute=0)
            readings.append(create_reading(metric, value + sway, at))
    return readings
