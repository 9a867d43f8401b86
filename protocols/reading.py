"""The one vocabulary of measured values: metrics, units, flags, contexts, and what makes a reading that reading.

Every codec ends in these words and every stage of the cloud begins with them.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Metric(StrEnum):
    """What was measured. Each metric is stored in one unit (`CANONICAL_UNIT`)."""

    GLUCOSE = "glucose"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN_ARTERIAL_PRESSURE = "mean_arterial_pressure"
    PULSE = "pulse"
    BODY_TEMPERATURE = "body_temperature"
    BODY_WEIGHT = "body_weight"
    KETONE = "ketone"
    HUMIDITY = "humidity"
    AMBIENT_TEMPERATURE = "ambient_temperature"
    MOTION = "motion"
    CONTACT = "contact"
    FLOW = "flow"
    MOISTURE = "moisture"
    SHOWER = "shower"
    """One whole shower: the value is how long it took, `measured_at` when it began. Known when it has ended."""
    DEVICE_BATTERY = "device_battery"


class Unit(StrEnum):
    """UCUM codes."""

    MG_DL = "mg/dL"
    MMOL_L = "mmol/L"
    MM_HG = "mm[Hg]"
    KPA = "kPa"
    PER_MINUTE = "/min"
    CELSIUS = "Cel"
    KG = "kg"
    PERCENT = "%"
    MINUTE = "min"
    LITRE_PER_MINUTE = "L/min"
    ONE = "1"


CANONICAL_UNIT: dict[Metric, Unit] = {
    Metric.GLUCOSE: Unit.MG_DL,
    Metric.SYSTOLIC: Unit.MM_HG,
    Metric.DIASTOLIC: Unit.MM_HG,
    Metric.MEAN_ARTERIAL_PRESSURE: Unit.MM_HG,
    Metric.PULSE: Unit.PER_MINUTE,
    Metric.BODY_TEMPERATURE: Unit.CELSIUS,
    Metric.BODY_WEIGHT: Unit.KG,
    Metric.KETONE: Unit.MMOL_L,
    Metric.HUMIDITY: Unit.PERCENT,
    Metric.AMBIENT_TEMPERATURE: Unit.CELSIUS,
    Metric.MOTION: Unit.ONE,
    Metric.CONTACT: Unit.ONE,
    Metric.FLOW: Unit.LITRE_PER_MINUTE,
    Metric.MOISTURE: Unit.ONE,
    Metric.SHOWER: Unit.MINUTE,
    Metric.DEVICE_BATTERY: Unit.PERCENT,
}

GLUCOSE_MG_DL_PER_MMOL_L = 18.0156  # molar mass of glucose 180.156 g/mol
MM_HG_PER_KPA = 7.500617


class Flag(StrEnum):
    """What a device, a codec or the gateway says against a value. A flag never removes a reading."""

    BODY_MOVED = "body_moved"
    CUFF_LOOSE = "cuff_loose"
    IRREGULAR_PULSE = "irregular_pulse"
    PULSE_ABOVE_RANGE = "pulse_above_range"
    PULSE_BELOW_RANGE = "pulse_below_range"
    BAD_POSITION = "bad_position"
    ABOVE_RANGE = "above_range"  # the meter said HI: the value is a lower bound
    BELOW_RANGE = "below_range"  # the meter said LO: the value is an upper bound
    DEVICE_BATTERY_LOW = "device_battery_low"
    SENSOR_FAULT = "sensor_fault"
    SAMPLE_SHORT = "sample_short"
    STRIP_ERROR = "strip_error"
    STRIP_TYPE_WRONG = "strip_type_wrong"
    STRIP_PULLED = "strip_pulled"
    METER_TOO_HOT = "meter_too_hot"
    METER_TOO_COLD = "meter_too_cold"
    DEVICE_TIME_FAULT = "device_time_fault"
    CLOCK_MISSING = "clock_missing"  # the device gave no time: measured_at is the time of hearing
    CLOCK_RESET = "clock_reset"  # the device's clock stands at its factory date
    CLOCK_JUMPED = "clock_jumped"  # the device's clock moved since the last session
    FROM_FUTURE = "from_future"
    TIME_AMBIGUOUS = "time_ambiguous"  # the home's clock showed this time twice or never: daylight saving


class Meal(StrEnum):
    BEFORE_MEAL = "before_meal"
    AFTER_MEAL = "after_meal"
    FASTING = "fasting"
    CASUAL = "casual"
    BEDTIME = "bedtime"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One value from one device, as it crosses the wire to the centre. It names a device, never a person."""

    # gc=False: it can be in no cycle of references, and an ingester holds tens of thousands.

    device: str
    """The gateway's name of the device, e.g. `ble:C0:FF:EE:00:00:01` or `serial:onetouch-ultraeasy:AB1234`."""
    metric: Metric
    value: float
    unit: Unit
    """Always `CANONICAL_UNIT[metric]`: codecs convert, so that nobody downstream has to."""
    measured_at: datetime
    """Corrected UTC instant."""
    received_at: datetime
    """UTC instant at which the gateway had the value."""
    device_time: datetime | None = None
    """What the meter's own clock said; naive, because meters know no zone."""
    clock_offset_s: float | None = None
    """Device clock minus gateway clock in the home's zone, as found in this session."""
    sequence: int | None = None
    """The device's own record number where the protocol has a stable one."""
    user_slot: int | None = None
    flags: tuple[Flag, ...] = ()
    meal: Meal | None = None


def in_canonical_unit(metric: Metric, value: float, unit: Unit) -> float:
    """`value` of `metric` converted from `unit` to `CANONICAL_UNIT[metric]`.

    Raises ValueError for a unit in which the metric is not measured.
    """
    canonical = CANONICAL_UNIT[metric]
    if unit == canonical:
        return value
    if metric is Metric.GLUCOSE and unit is Unit.MMOL_L:
        return value * GLUCOSE_MG_DL_PER_MMOL_L
    if canonical is Unit.MM_HG and unit is Unit.KPA:
        return value * MM_HG_PER_KPA
    raise ValueError(f"{metric} is not measured in {unit}; expected {canonical}")


_NO_SEQUENCE = 0xFFFF
_NAIVE_1970 = datetime(1970, 1, 1)  # noqa: DTZ001 - a meter's clock has no zone
_HEARD = 1 << 62
_MILLISECONDS = 1000
_CLOCK_BIT, _USER_BIT = 16, 54
_CLOCK_MASK = (1 << _USER_BIT - _CLOCK_BIT) - 1  # 38 bits: to the end of the year 9999, and so of every datetime
_USERS = 255


def record_key(reading: Reading) -> int:
    """The 63-bit number that, with device and metric, makes a reading itself: equal keys are the same measurement.

    A record of a meter's memory is keyed by its own clock, its record number and the user under whom the meter keeps
    it, which stay as they are however often it is read out and whatever correction its time is given. A value that was
    only heard (an advertisement) has no record, so the millisecond of hearing is its key; of a shower, the millisecond
    of its beginning.

    From the lowest bit: number 16 (0xFFFF: none), clock in seconds 38, user 8 (0: none, else the slot, from 1 on;
    slots repeat after 255, and no known meter has more), bit 62: heard.
    """
    if reading.device_time is None and reading.sequence is None:
        return _HEARD | int(reading.measured_at.timestamp() * _MILLISECONDS)
    clock_s = 0
    if reading.device_time is not None:
        since = reading.device_time - _NAIVE_1970
        clock_s = since.days * 86_400 + since.seconds
    number = _NO_SEQUENCE if reading.sequence is None else reading.sequence & 0xFFFF
    user = 0 if reading.user_slot is None else reading.user_slot % _USERS + 1
    return user << _USER_BIT | (max(clock_s, 0) & _CLOCK_MASK) << _CLOCK_BIT | number


def record_key_without_user(key: int) -> int:
    """The key that a record of `key` had while users were no part of it; rows from then keep theirs."""
    return key if key & _HEARD else key & (1 << _USER_BIT) - 1
