"""A record of a meter -> readings: one for each value, with the corrected time."""

import math
from dataclasses import dataclass
from datetime import datetime

from edge.meter_clock import MeterClock, measured_at
from protocols.reading import CANONICAL_UNIT, Flag, Reading
from protocols.record import Record


@dataclass(frozen=True)
class FromRecord:
    readings: tuple[Reading, ...]
    control_solution: bool = False
    unusable: int = 0
    """Values that are no number (a cuff's "not a number" for a pulse it did not find)."""


def readings_from(record: Record, device: str, clock: MeterClock, received_at: datetime) -> FromRecord:
    """`received_at` is UTC. A control solution is no person: it gives no reading."""
    if record.control_solution:
        return FromRecord((), control_solution=True)
    when = measured_at(record.device_time, clock, received_at)
    usable = [(metric, value) for metric, value in record.values if math.isfinite(value)]
    flags = tuple(flag for flag in Flag if flag in record.flags or flag in when.flags)
    readings = tuple(
        Reading(
            device=device,
            metric=metric,
            value=value,
            unit=CANONICAL_UNIT[metric],
            measured_at=when.at,
            received_at=received_at,
            device_time=record.device_time,
            clock_offset_s=clock.offset_s,
            sequence=record.sequence,
            user_slot=record.user_slot,
            flags=flags,
            meal=record.meal,
        )
        for metric, value in usable
    )
    return FromRecord(readings, unusable=len(record.values) - len(usable))
