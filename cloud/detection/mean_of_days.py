"""The mean over calendar days, at every reading at once."""

from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import Bools, Floats, Ints, Readings
from cloud.detection.rule import MeanOfDays

_DIGITS = 1


@dataclass(frozen=True, eq=False)
class Means:
    """One entry a reading: the mean of the days that end with it."""

    mean: Floats
    enough: Bools
    """Whether the readings behind it suffice."""
    first: Ints
    """Index of the oldest reading behind it."""
    count: Ints
    days: Ints


def means_of(mean: MeanOfDays, sure: Readings) -> Means:
    """`sure` are readings of one metric; each entry rests on no later one."""
    day = sure.local_day
    places = np.arange(len(sure))
    day_number = np.cumsum(np.concatenate(([0], day[1:] != day[:-1]))) if len(sure) else places
    first_day = day - (mean.days - 1)
    first = np.searchsorted(day, first_day)
    days = day_number - day_number[first] + 1 if len(sure) else places
    if mean.leave_out_first_day and len(sure):
        whole = days == mean.days
        first = np.where(whole, np.searchsorted(day, first_day + 1), first)
        days = day_number - day_number[first] + 1
    sums = np.concatenate(([0.0], np.cumsum(sure.value)))
    count = places + 1 - first
    means = np.round((sums[places + 1] - sums[first]) / np.maximum(count, 1), _DIGITS)
    enough = (count >= mean.least_readings) & (days >= mean.least_days)
    return Means(means, enough, first, count, days)
