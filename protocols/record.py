"""A record as a meter keeps it: values with the meter's own time, before any clock is corrected."""

from dataclasses import dataclass
from datetime import datetime

from protocols.reading import Flag, Meal, Metric


@dataclass(frozen=True)
class Record:
    """What one act of measuring gave: one value (glucose) or several (pressure, pulse).

    A control solution is not a person: codecs mark it here, and the gateway counts it and stores nothing.
    """

    values: tuple[tuple[Metric, float], ...]
    """Each in `CANONICAL_UNIT` of its metric."""
    device_time: datetime | None
    """The meter's own clock, naive; None where it gave none."""
    sequence: int | None = None
    """The meter's stable record number, where it has one."""
    user_slot: int | None = None
    flags: tuple[Flag, ...] = ()
    meal: Meal | None = None
    control_solution: bool = False
