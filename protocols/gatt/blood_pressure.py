"""Blood Pressure Measurement (0x2A35), indicated; Blood Pressure Service 1.0, section 3.1.

flags u8: b0 unit (0 mmHg, 1 kPa), b1 time stamp, b2 pulse, b3 user, b4 status. Then systolic, diastolic, mean SFLOAT,
[time stamp 7 bytes], [pulse SFLOAT /min], [user u8, 255 unknown], [status u16].
Intermediate Cuff Pressure (0x2A36) has the same layout; the cuff's pressure stands in the place of the systolic.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag

from protocols.cursor import Cursor
from protocols.errors import ImplausibleValue
from protocols.gatt.date_time import encode_date_time
from protocols.gatt.measurement_time import read_measurement_time
from protocols.gatt.sfloat import decode_sfloat, encode_sfloat
from protocols.reading import Flag, Metric, Unit, in_canonical_unit
from protocols.record import Record

UNKNOWN_USER = 255

_PLAUSIBLE_MM_HG = (10.0, 400.0)  # wider than any cuff measures; outside it the unit or the number is wrong
_PLAUSIBLE_PULSE_PER_MIN = (10.0, 400.0)
_KPA, _TIME_STAMP, _PULSE, _USER, _STATUS = 0x01, 0x02, 0x04, 0x08, 0x10


class PressureStatus(IntFlag):
    """Measurement Status; reserved bits are kept as they came."""

    BODY_MOVED = 1 << 0
    CUFF_LOOSE = 1 << 1
    IRREGULAR_PULSE = 1 << 2
    PULSE_ABOVE_RANGE = 1 << 3
    PULSE_BELOW_RANGE = 1 << 4
    BAD_POSITION = 1 << 5


_PULSE_RANGE = PressureStatus.PULSE_ABOVE_RANGE | PressureStatus.PULSE_BELOW_RANGE
_FLAG_OF: dict[PressureStatus, Flag] = {
    PressureStatus.BODY_MOVED: Flag.BODY_MOVED,
    PressureStatus.CUFF_LOOSE: Flag.CUFF_LOOSE,
    PressureStatus.IRREGULAR_PULSE: Flag.IRREGULAR_PULSE,
    PressureStatus.PULSE_ABOVE_RANGE: Flag.PULSE_ABOVE_RANGE,
    PressureStatus.PULSE_BELOW_RANGE: Flag.PULSE_BELOW_RANGE,
    PressureStatus.BAD_POSITION: Flag.BAD_POSITION,
}


@dataclass(frozen=True)
class BloodPressureMeasurement:
    """One measurement as sent. Numbers may be nan or infinite: a cuff says so that it has none."""

    systolic: float
    """In `unit`, as are diastolic and mean; of an intermediate cuff pressure, the pressure of the cuff."""
    diastolic: float
    mean: float
    """Mean arterial pressure. Many cuffs do not compute it and send nan or 0."""
    unit: Unit = Unit.MM_HG
    """MM_HG or KPA."""
    time_stamp: datetime | None = None
    """Naive; None where the cuff gave none or does not know it."""
    pulse_per_min: float | None = None
    user_id: int | None = None
    """Memory of the cuff, from 0; None where it gave none or 255."""
    status: PressureStatus | None = None
    time_stamp_invalid: bool = False
    """The time stamp was outside the calendar; `time_stamp` is None then."""

    def to_record(self) -> Record:
        """The record in canonical units: systolic and diastolic, mean and pulse where they are numbers that can be.

        A measurement that failed (systolic or diastolic not a number) has no values.
        Raises ImplausibleValue for pressures that cannot be.
        """
        status = self.status or PressureStatus(0)
        if status & _PULSE_RANGE == _PULSE_RANGE:  # both sides at once is reserved
            status &= ~_PULSE_RANGE
        flags = [_FLAG_OF[bit] for bit in PressureStatus if bit & status]
        if self.time_stamp_invalid:
            flags.append(Flag.DEVICE_TIME_FAULT)
        return Record(
            values=self._values(),
            device_time=self.time_stamp,
            user_slot=self.user_id,
            flags=tuple(flags),
        )

    def _values(self) -> tuple[tuple[Metric, float], ...]:
        if not (math.isfinite(self.systolic) and math.isfinite(self.diastolic)):
            return ()
        systolic, diastolic, mean = (self._mm_hg(value) for value in (self.systolic, self.diastolic, self.mean))
        low, high = _PLAUSIBLE_MM_HG
        if not low <= diastolic < systolic <= high:
            raise ImplausibleValue(f"blood pressure of {systolic:g}/{diastolic:g} mmHg cannot be")
        values = [(Metric.SYSTOLIC, systolic), (Metric.DIASTOLIC, diastolic)]
        if diastolic <= mean <= systolic:
            values.append((Metric.MEAN_ARTERIAL_PRESSURE, mean))
        slowest, fastest = _PLAUSIBLE_PULSE_PER_MIN
        if self.pulse_per_min is not None and slowest <= self.pulse_per_min <= fastest:
            values.append((Metric.PULSE, self.pulse_per_min))
        return tuple(values)

    def _mm_hg(self, value: float) -> float:
        return round(in_canonical_unit(Metric.SYSTOLIC, value, self.unit), 3)


def decode_blood_pressure_measurement(data: bytes) -> BloodPressureMeasurement:
    """Raises Truncated. A time stamp outside the calendar is marked, not refused."""
    cursor = Cursor(data)
    flags = cursor.u8()
    systolic, diastolic, mean = (decode_sfloat(cursor.u16_le()) for _ in range(3))
    time_stamp, time_stamp_invalid = read_measurement_time(cursor) if flags & _TIME_STAMP else (None, False)
    pulse_per_min = decode_sfloat(cursor.u16_le()) if flags & _PULSE else None
    user_id = cursor.u8() if flags & _USER else UNKNOWN_USER
    return BloodPressureMeasurement(
        systolic=systolic,
        diastolic=diastolic,
        mean=mean,
        unit=Unit.KPA if flags & _KPA else Unit.MM_HG,
        time_stamp=time_stamp,
        pulse_per_min=pulse_per_min,
        user_id=None if user_id == UNKNOWN_USER else user_id,
        status=PressureStatus(cursor.u16_le()) if flags & _STATUS else None,
        time_stamp_invalid=time_stamp_invalid,
    )


def encode_blood_pressure_measurement(measurement: BloodPressureMeasurement) -> bytes:
    """The packet that a cuff would send. Raises ValueError for a number that an SFLOAT does not hold."""
    if measurement.unit not in (Unit.MM_HG, Unit.KPA):
        raise ValueError(f"blood pressure is sent in mm[Hg] or kPa, not in {measurement.unit}")
    flags = _KPA if measurement.unit is Unit.KPA else 0
    body = b"".join(_sfloat(value) for value in (measurement.systolic, measurement.diastolic, measurement.mean))
    if measurement.time_stamp is not None:
        flags |= _TIME_STAMP
        body += encode_date_time(measurement.time_stamp)
    if measurement.pulse_per_min is not None:
        flags |= _PULSE
        body += _sfloat(measurement.pulse_per_min)
    if measurement.user_id is not None:
        flags |= _USER
        body += bytes((measurement.user_id,))
    if measurement.status is not None:
        flags |= _STATUS
        body += measurement.status.to_bytes(2, "little")
    return bytes((flags,)) + body


def _sfloat(value: float) -> bytes:
    return encode_sfloat(value).to_bytes(2, "little")
