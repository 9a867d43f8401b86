"""The value of a TaiDoc record (reply to READ_RECORD_VALUE), by the family of the meter.

Glucose family (TD-41xx, TD-42xx): u16 value, an unknown byte, then marks: bits 7-6 meal (1 before, 2 after, 3 control
solution), bits 5-2 what the strip measures. Glucose is in mg/dL whatever the display shows; ketone counts thirtieths
of a mmol/L. Strips for which the house has no metric (haematocrit, uric acid, cholesterol, haemoglobin, lactate) give
a record without values. Sources: glucometer-protocols taidoc/td42xx, Tidepool's glucoRxDriver, advmeds-bluetooth-lib
TaiDocMixDecoder01.

Pressure family (TD-31xx): systolic, an unknown byte (perhaps the mean pressure), diastolic, pulse. Source:
advmeds-bluetooth-lib TaiDocBaseBpDecoder01 and 02; it takes a zero, and a pulse of 3 or less, for no measurement.
"""

import math
from datetime import datetime
from enum import Enum, IntEnum

from protocols.cursor import Cursor
from protocols.reading import Flag, Meal, Metric
from protocols.record import Record
from protocols.serial.glucose_range import GlucoseRange

RANGE = GlucoseRange(lowest_mg_dl=20, highest_mg_dl=600)
"""Beyond it the meters show LO and HI (Tidepool's glucoRxDriver)."""
HIGHEST_KETONE_MMOL_L = 8.0
KETONE_STEPS_PER_MMOL_L = 30
_LEAST_PULSE_PER_MINUTE = 4


class Family(Enum):
    GLUCOSE = ("glucose meter", ("41", "42"))
    PRESSURE = ("blood pressure meter", ("31",))

    def __init__(self, title: str, models: tuple[str, ...]) -> None:
        self.title = title
        self.models = models
        """First two digits of the model numbers."""


class Strip(IntEnum):
    GLUCOSE = 0
    HAEMATOCRIT = 6
    KETONE = 7
    URIC_ACID = 8
    CHOLESTEROL = 9
    HAEMOGLOBIN = 11
    LACTATE = 12
    TRIGLYCERIDES = 13


_CONTROL_SOLUTION = 3
_MEALS = (None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL, None)


def encode_glucose_value(
    value: int, strip: Strip = Strip.GLUCOSE, meal: Meal | None = None, *, control_solution: bool = False
) -> bytes:
    """`value` is what the meter stores: mg/dL, or thirtieths of a mmol/L ketone."""
    mark = _CONTROL_SOLUTION if control_solution else _MEALS.index(meal)
    return value.to_bytes(2, "little") + bytes((0, mark << 6 | strip << 2))


def decode_glucose_value(data: bytes, device_time: datetime | None, flags: tuple[Flag, ...] = ()) -> Record:
    """Raises Truncated. `flags` are those that the record has already."""
    cursor = Cursor(data)
    value = cursor.u16_le()
    cursor.u8()
    marks = cursor.u8()
    mark, strip = marks >> 6, marks >> 2 & 0x0F
    values: tuple[tuple[Metric, float], ...] = ()
    bound: tuple[Flag, ...] = ()
    if strip == Strip.GLUCOSE:
        glucose_mg_dl, bound = RANGE.bound(float(value))
        values = ((Metric.GLUCOSE, glucose_mg_dl),)
    elif strip == Strip.KETONE:
        ketone_mmol_l = round(value / KETONE_STEPS_PER_MMOL_L, 1)
        bound = (Flag.ABOVE_RANGE,) if ketone_mmol_l > HIGHEST_KETONE_MMOL_L else ()
        values = ((Metric.KETONE, min(ketone_mmol_l, HIGHEST_KETONE_MMOL_L)),)
    return Record(
        values, device_time, flags=bound + flags, meal=_MEALS[mark], control_solution=mark == _CONTROL_SOLUTION
    )


def encode_pressure_value(systolic_mm_hg: int, diastolic_mm_hg: int, pulse_per_minute: int) -> bytes:
    mean_mm_hg = diastolic_mm_hg + (systolic_mm_hg - diastolic_mm_hg) // 3
    return bytes((systolic_mm_hg, mean_mm_hg, diastolic_mm_hg, pulse_per_minute))


def decode_pressure_value(data: bytes, device_time: datetime | None, flags: tuple[Flag, ...] = ()) -> Record:
    """Values that no body has are not a number, so that the gateway counts them as unusable. Raises Truncated."""
    cursor = Cursor(data)
    systolic, _, diastolic, pulse = cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()
    measured = 0 < diastolic < systolic and pulse >= _LEAST_PULSE_PER_MINUTE
    return Record(
        tuple(
            (metric, float(value) if measured else math.nan)
            for metric, value in ((Metric.SYSTOLIC, systolic), (Metric.DIASTOLIC, diastolic), (Metric.PULSE, pulse))
        ),
        device_time,
        flags=flags,
    )
