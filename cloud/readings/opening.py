"""A letter of readings is opened: pure checks of what a home sent, before any of it meets the database.

A message that is no message is refused whole. A message with some readings that no row can hold is taken with the
others: forty-nine good values do not wait for one bad one.
"""

import math
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta

from cloud.errors import RejectedMessage
from cloud.readings.model import Delivery, Numbered
from protocols.errors import DecodeError
from protocols.reading import CANONICAL_UNIT, Reading
from protocols.telemetry.messages import ReadingsMessage, decode
from protocols.telemetry.topics import gateway_of

_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=366)
_MAX_INTEGER = 2**31 - 1
_MAX_DEVICE_NAME = 200
_FAULTS_NAMED = 3


def open_readings(topic: str, payload: bytes, now: datetime) -> Delivery:
    """The letter's readings. `now` bounds how far ahead a clock may be.

    Raises RejectedMessage with the reason where nothing in it can be read.
    """
    try:
        gateway = gateway_of(topic)
        message = decode(ReadingsMessage, payload)
    except (DecodeError, ValueError) as error:
        raise RejectedMessage(str(error)) from error
    good: list[Numbered] = []
    faults: list[str] = []
    for place, reading in enumerate(message.readings):
        fault = fault_of(reading, now)
        if fault is None:
            good.append(Numbered(message.first + place, reading))
        else:
            faults.append(f"readings[{place}]: {fault}")
    return Delivery(
        gateway=gateway,
        topic=topic,
        payload=payload,
        epoch=message.epoch,
        first=message.first,
        count=len(message.readings),
        readings=tuple(good),
        fault=_summary(faults),
    )


def fault_of(reading: Reading, now: datetime) -> str | None:
    """Why no row can hold this reading; None when one can."""
    if not 0 < len(reading.device) <= _MAX_DEVICE_NAME or not reading.device.isprintable():
        return f"device: a printable name of 1 to {_MAX_DEVICE_NAME} characters is expected"
    if reading.unit != CANONICAL_UNIT[reading.metric]:
        return f"unit: {reading.metric} is sent in {CANONICAL_UNIT[reading.metric]}, not {reading.unit}"
    if not math.isfinite(reading.value):
        return "value: not a finite number"
    if reading.clock_offset_s is not None and not math.isfinite(reading.clock_offset_s):
        return "clock_offset_s: not a finite number"
    return _time_fault(reading, now) or _number_fault(reading)


def _time_fault(reading: Reading, now: datetime) -> str | None:
    newest = now + _AHEAD
    for field, at in (("measured_at", reading.measured_at), ("received_at", reading.received_at)):
        if not _OLDEST <= at <= newest:
            return f"{field}: {at.isoformat()} is not between 2000 and a year from now; is a clock unset?"
    device_time = reading.device_time
    if device_time is not None and not MINYEAR < device_time.year < MAXYEAR:
        return f"device_time: the year {device_time.year} cannot be stored"
    return None


def _number_fault(reading: Reading) -> str | None:
    for field, number in (("sequence", reading.sequence), ("user_slot", reading.user_slot)):
        if number is not None and not 0 <= number <= _MAX_INTEGER:
            return f"{field}: {number} is not from 0 to {_MAX_INTEGER}"
    return None


def _summary(faults: list[str]) -> str | None:
    if not faults:
        return None
    named = "; ".join(faults[:_FAULTS_NAMED])
    more = len(faults) - _FAULTS_NAMED
    return f"{named}; and {more} more" if more > 0 else named
