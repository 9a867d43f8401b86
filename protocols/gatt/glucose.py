"""Glucose Measurement (0x2A18), notified; Glucose Service 1.0, section 3.1.

flags u8: b0 time offset, b1 concentration + type + location, b2 unit (0 kg/L, 1 mol/L), b3 annunciation,
b4 a context notification follows. Then sequence u16, base time 7 bytes, [offset i16 min],
[concentration SFLOAT, type low nibble, location high nibble], [annunciation u16].
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum, IntFlag

from protocols.cursor import Cursor
from protocols.errors import ImplausibleValue
from protocols.gatt.date_time import encode_date_time
from protocols.gatt.measurement_time import read_measurement_time
from protocols.gatt.sfloat import decode_sfloat, encode_sfloat
from protocols.reading import Flag, Meal, Metric, Unit, in_canonical_unit
from protocols.record import Record

TIME_OFFSET_OVERRUN = 0x7FFF
TIME_OFFSET_UNDERRUN = -0x8000

HIGH_BOUND_MG_DL = 600.0
"""Where home meters stop counting and show HI: the value recorded for a HI that came without a number."""
LOW_BOUND_MG_DL = 20.0
"""Likewise for LO."""
_PLAUSIBLE_MG_DL = (1.0, 2000.0)  # wider than any meter measures; outside it the unit or the number is wrong

_OFFSET, _CONCENTRATION, _MOL_PER_L, _ANNUNCIATION, _CONTEXT = 0x01, 0x02, 0x04, 0x08, 0x10


class ConcentrationUnit(Enum):
    KG_PER_L = 0
    MOL_PER_L = 1


class SampleType(IntEnum):
    """Named values of the type nibble; others are reserved and kept as numbers."""

    CAPILLARY_WHOLE_BLOOD = 1
    CAPILLARY_PLASMA = 2
    VENOUS_WHOLE_BLOOD = 3
    VENOUS_PLASMA = 4
    ARTERIAL_WHOLE_BLOOD = 5
    ARTERIAL_PLASMA = 6
    UNDETERMINED_WHOLE_BLOOD = 7
    UNDETERMINED_PLASMA = 8
    INTERSTITIAL_FLUID = 9
    CONTROL_SOLUTION = 10


class SampleLocation(IntEnum):
    """Named values of the location nibble; others are reserved and kept as numbers."""

    FINGER = 1
    ALTERNATE_SITE = 2
    EARLOBE = 3
    CONTROL_SOLUTION = 4
    NOT_AVAILABLE = 15


class Annunciation(IntFlag):
    """Sensor Status Annunciation; reserved bits are kept as they came."""

    BATTERY_LOW = 1 << 0
    SENSOR_MALFUNCTION = 1 << 1
    SAMPLE_INSUFFICIENT = 1 << 2
    STRIP_INSERTION_ERROR = 1 << 3
    STRIP_TYPE_INCORRECT = 1 << 4
    RESULT_TOO_HIGH = 1 << 5
    RESULT_TOO_LOW = 1 << 6
    TEMPERATURE_TOO_HIGH = 1 << 7
    TEMPERATURE_TOO_LOW = 1 << 8
    STRIP_PULLED_TOO_SOON = 1 << 9
    DEVICE_FAULT = 1 << 10
    TIME_FAULT = 1 << 11


_FLAG_OF: dict[Annunciation, Flag] = {
    Annunciation.BATTERY_LOW: Flag.DEVICE_BATTERY_LOW,
    Annunciation.SENSOR_MALFUNCTION: Flag.SENSOR_FAULT,
    Annunciation.SAMPLE_INSUFFICIENT: Flag.SAMPLE_SHORT,
    Annunciation.STRIP_INSERTION_ERROR: Flag.STRIP_ERROR,
    Annunciation.STRIP_TYPE_INCORRECT: Flag.STRIP_TYPE_WRONG,
    Annunciation.RESULT_TOO_HIGH: Flag.ABOVE_RANGE,
    Annunciation.RESULT_TOO_LOW: Flag.BELOW_RANGE,
    Annunciation.TEMPERATURE_TOO_HIGH: Flag.METER_TOO_HOT,
    Annunciation.TEMPERATURE_TOO_LOW: Flag.METER_TOO_COLD,
    Annunciation.STRIP_PULLED_TOO_SOON: Flag.STRIP_PULLED,
    Annunciation.DEVICE_FAULT: Flag.SENSOR_FAULT,
    Annunciation.TIME_FAULT: Flag.DEVICE_TIME_FAULT,
}


@dataclass(frozen=True)
class GlucoseMeasurement:
    """One record of a glucometer, as sent."""

    sequence: int
    """0 to 65535."""
    base_time: datetime | None
    """Naive; None where the meter does not know it."""
    time_offset_min: int | None = None
    """What the user set the clock by, to be added; TIME_OFFSET_OVERRUN and _UNDERRUN where it did not fit."""
    concentration: float | None = None
    """In `unit`; may be nan or infinite. None where the packet has none."""
    unit: ConcentrationUnit = ConcentrationUnit.KG_PER_L
    sample_type: int = SampleType.CAPILLARY_WHOLE_BLOOD
    """0 to 15; only sent with a concentration."""
    sample_location: int = SampleLocation.FINGER
    """0 to 15; only sent with a concentration."""
    annunciation: Annunciation | None = None
    context_follows: bool = False
    base_time_invalid: bool = False
    """The base time was outside the calendar; `base_time` is None then."""

    @property
    def user_facing_time(self) -> datetime | None:
        """Base time plus offset: what the meter's display showed. None where that is not known."""
        if self.base_time is None or self.time_offset_min is None:
            return self.base_time
        if self.time_offset_min in (TIME_OFFSET_OVERRUN, TIME_OFFSET_UNDERRUN):
            return None
        try:
            return self.base_time + timedelta(minutes=self.time_offset_min)
        except OverflowError:  # a base time in the year 1 or 9999
            return None

    @property
    def is_control_solution(self) -> bool:
        return self.concentration is not None and (
            self.sample_type == SampleType.CONTROL_SOLUTION or self.sample_location == SampleLocation.CONTROL_SOLUTION
        )

    def to_record(self, meal: Meal | None = None) -> Record:
        """The record in canonical units; `meal` comes from the context notification, where one followed.

        A HI or LO without a number is recorded as the bound, flagged. A measurement without a result has no values.
        Raises ImplausibleValue for a number that cannot be a glucose concentration.
        """
        flags = {_FLAG_OF[bit] for bit in Annunciation if bit & (self.annunciation or 0)}
        value_mg_dl = self._mg_dl(flags)
        time_lost = self.base_time is not None and self.user_facing_time is None
        if self.base_time_invalid or time_lost:
            flags.add(Flag.DEVICE_TIME_FAULT)
        return Record(
            values=() if value_mg_dl is None else ((Metric.GLUCOSE, value_mg_dl),),
            device_time=self.user_facing_time,
            sequence=self.sequence,
            flags=tuple(flag for flag in Flag if flag in flags),
            meal=meal,
            control_solution=self.is_control_solution,
        )

    def _mg_dl(self, flags: set[Flag]) -> float | None:
        """The value, with the flag of the side added to `flags` where an infinity stands for it."""
        if self.concentration is not None and math.isinf(self.concentration):
            flags.add(Flag.ABOVE_RANGE if self.concentration > 0 else Flag.BELOW_RANGE)
        low, high = _PLAUSIBLE_MG_DL
        value_mg_dl = self._stated_mg_dl()
        if value_mg_dl is not None and low <= value_mg_dl <= high:
            return round(value_mg_dl, 4)  # SFLOAT holds four digits; the rest is noise of binary fractions
        if Flag.ABOVE_RANGE in flags:
            return HIGH_BOUND_MG_DL
        if Flag.BELOW_RANGE in flags:
            return LOW_BOUND_MG_DL
        if value_mg_dl is None:
            return None
        raise ImplausibleValue(
            f"record {self.sequence}: glucose of {value_mg_dl:g} mg/dL is not between {low:g} and {high:g}"
        )

    def _stated_mg_dl(self) -> float | None:
        if self.concentration is None or not math.isfinite(self.concentration):
            return None
        if self.unit is ConcentrationUnit.KG_PER_L:
            return self.concentration * 1e5
        return in_canonical_unit(Metric.GLUCOSE, self.concentration * 1e3, Unit.MMOL_L)


def decode_glucose_measurement(data: bytes) -> GlucoseMeasurement:
    """Raises Truncated. A base time outside the calendar is marked, not refused."""
    cursor = Cursor(data)
    flags = cursor.u8()
    sequence = cursor.u16_le()
    base_time, base_time_invalid = read_measurement_time(cursor)
    time_offset_min = cursor.i16_le() if flags & _OFFSET else None
    concentration, type_and_location = None, SampleLocation.FINGER << 4 | SampleType.CAPILLARY_WHOLE_BLOOD
    if flags & _CONCENTRATION:
        concentration, type_and_location = decode_sfloat(cursor.u16_le()), cursor.u8()
    return GlucoseMeasurement(
        sequence=sequence,
        base_time=base_time,
        time_offset_min=time_offset_min,
        concentration=concentration,
        unit=ConcentrationUnit.MOL_PER_L if flags & _MOL_PER_L else ConcentrationUnit.KG_PER_L,
        sample_type=type_and_location & 0x0F,
        sample_location=type_and_location >> 4,
        annunciation=Annunciation(cursor.u16_le()) if flags & _ANNUNCIATION else None,
        context_follows=bool(flags & _CONTEXT),
        base_time_invalid=base_time_invalid,
    )


def encode_glucose_measurement(measurement: GlucoseMeasurement) -> bytes:
    """The packet that a meter would send. Raises ValueError for a concentration that an SFLOAT does not hold."""
    flags = 0
    body = measurement.sequence.to_bytes(2, "little") + encode_date_time(measurement.base_time)
    if measurement.time_offset_min is not None:
        flags |= _OFFSET
        body += measurement.time_offset_min.to_bytes(2, "little", signed=True)
    if measurement.concentration is not None:
        flags |= _CONCENTRATION
        body += encode_sfloat(measurement.concentration).to_bytes(2, "little")
        body += bytes((measurement.sample_location << 4 | measurement.sample_type,))
    if measurement.unit is ConcentrationUnit.MOL_PER_L:
        flags |= _MOL_PER_L
    if measurement.annunciation is not None:
        flags |= _ANNUNCIATION
        body += measurement.annunciation.to_bytes(2, "little")
    if measurement.context_follows:
        flags |= _CONTEXT
    return bytes((flags,)) + body
