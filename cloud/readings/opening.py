"""A letter of readings is opened: pure checks of what a home sent, before any of it meets the database.

A message that is no message is refused whole. A message with some readings that no row can hold is taken with the
others: forty-nine good values do not wait for one bad one.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from cloud.errors import RejectedMessage
from cloud.readings.model import Delivery
from protocols.errors import DecodeError
from protocols.reading import CANONICAL_UNIT, Flag, Reading
from protocols.telemetry.chain import digest_of
from protocols.telemetry.messages import ReadingsMessage, decode
from protocols.telemetry.topics import gateway_of

OLDEST = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)
"""The date of a clock that was never set, in whatever zone."""
AHEAD = timedelta(days=366)
_BELIEVABLE = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_INTEGER = 2**31 - 1
_UNITS = {metric.value: unit.value for metric, unit in CANONICAL_UNIT.items()}
_MAX_DEVICE_NAME = 200
_FAULTS_NAMED = 3


class _Looked(NamedTuple):
    """What of a message can be stored, its numbers, what is wrong with the rest, and number and digest of all that
    will not lie in the database as it was sent."""

    readings: tuple[Reading, ...]
    numbers: Sequence[int]
    faults: Sequence[str] = ()
    odd: Sequence[tuple[int, bytes]] = ()


def open_readings(topic: str, payload: bytes, now: datetime) -> Delivery:
    """The letter's readings. `now` bounds how far ahead a clock may be.

    Raises RejectedMessage with the reason where nothing in it can be read.
    """
    try:
        gateway = gateway_of(topic)
        message = decode(ReadingsMessage, payload)
    except (DecodeError, ValueError) as error:
        raise RejectedMessage(str(error)) from error
    first, sent = message.first, message.readings
    newest = now + AHEAD
    if all(is_plain(reading, newest) for reading in sent):
        good = _Looked(sent, range(first, first + len(sent)))
    else:
        good = _look_closely(message, now)
    return Delivery(
        gateway=gateway,
        topic=topic,
        payload=payload,
        epoch=message.epoch,
        first=first,
        count=len(sent),
        readings=good.readings,
        numbers=good.numbers,
        fault=_summary(good.faults),
        given_up=message.given_up,
        chain=(message.chain_before, message.chain_after) if message.chain_before and sent else None,
        odd=tuple(good.odd),
    )


def _look_closely(message: ReadingsMessage, now: datetime) -> _Looked:
    good: list[Reading] = []
    numbers: list[int] = []
    faults: list[str] = []
    odd: list[tuple[int, bytes]] = []
    for place, sent in enumerate(message.readings):
        reading = within_time(sent, now)
        fault = fault_of(reading, now)
        if fault is None:
            good.append(reading)
            numbers.append(message.first + place)
        else:
            faults.append(f"readings[{place}]: {fault}")
        if reading is not sent or fault is not None:
            odd.append((message.first + place, digest_of(sent)))
    return _Looked(tuple(good), numbers, faults, odd)


def is_plain(reading: Reading, newest: datetime) -> bool:
    """Whether `within_time` would leave it as it is and `fault_of` find nothing: nearly always, so it is first."""
    offset_s, sequence, slot = reading.clock_offset_s, reading.sequence, reading.user_slot
    return (
        _BELIEVABLE <= reading.measured_at <= newest
        and OLDEST <= reading.received_at <= newest
        and reading.unit._value_ == _UNITS[reading.metric._value_]  # an enum member is a slow key
        and math.isfinite(reading.value)
        and (offset_s is None or math.isfinite(offset_s))
        and (sequence is None or 0 <= sequence <= _MAX_INTEGER)
        and (slot is None or 0 <= slot <= _MAX_INTEGER)
        and 0 < len(reading.device) <= _MAX_DEVICE_NAME
        and reading.device.isprintable()
    )


def within_time(reading: Reading, now: datetime) -> Reading:
    """`reading` as a row can hold it. A time that cannot be is flagged and brought to the bound, never refused: what
    the meter itself said stands beside it in `device_time`."""
    if _BELIEVABLE <= reading.measured_at <= now + AHEAD:
        return reading
    at, flags = reading.measured_at, set(reading.flags)
    if at < _BELIEVABLE:
        flags.add(Flag.CLOCK_RESET)
    if at > now + AHEAD:
        flags.add(Flag.FROM_FUTURE)
    if reading.device_time is not None or reading.sequence is not None:  # a heard one is itself by this very time
        at = min(max(at, OLDEST), now + AHEAD)
    ordered = tuple(flag for flag in Flag if flag in flags)
    return msgspec.structs.replace(reading, measured_at=at, flags=ordered)


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
    newest = now + AHEAD
    for field, at in (("measured_at", reading.measured_at), ("received_at", reading.received_at)):
        if not OLDEST <= at <= newest:
            return f"{field}: {at.isoformat()} is not between 1970 and a year from now; is the gateway's clock wrong?"
    return None


def _number_fault(reading: Reading) -> str | None:
    for field, number in (("sequence", reading.sequence), ("user_slot", reading.user_slot)):
        if number is not None and not 0 <= number <= _MAX_INTEGER:
            return f"{field}: {number} is not from 0 to {_MAX_INTEGER}"
    return None


def _summary(faults: Sequence[str]) -> str | None:
    if not faults:
        return None
    named = "; ".join(faults[:_FAULTS_NAMED])
    more = len(faults) - _FAULTS_NAMED
    return f"{named}; and {more} more" if more > 0 else named
