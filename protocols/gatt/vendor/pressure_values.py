"""The three numbers that every pressure record has, as values of a record."""

import math

from protocols.reading import Metric


def pressure_values(
    systolic_mm_hg: int, diastolic_mm_hg: int, pulse_per_minute: int
) -> tuple[tuple[Metric, float], ...]:
    """Pressures that no body has are not a number, so that the gateway counts them as unusable; so is a pulse of 0."""
    measured = 0 < diastolic_mm_hg < systolic_mm_hg
    pulse = float(pulse_per_minute) if measured and pulse_per_minute else math.nan
    return (
        (Metric.SYSTOLIC, float(systolic_mm_hg) if measured else math.nan),
        (Metric.DIASTOLIC, float(diastolic_mm_hg) if measured else math.nan),
        (Metric.PULSE, pulse),
    )
