"""Rows of readings as PostgreSQL's COPY takes them in its binary format. Pure.

The format: a header, then a row as the number of its fields and each field as its length and its bytes, big-endian;
length -1 is NULL. Times are microseconds since 2000. What repeats from row to row (a metric's name, an owner, no flags)
is made to bytes once.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from cloud.readings.ownership import Line
from cloud.registry.whose import Whose
from protocols.reading import Flag, Meal, Metric

COLUMNS = (
    "device_id, record_key, measured_at, value, received_at, epoch, outbox_number, metric, elder_id, "
    "wearer_certainty, wearer_why, flags, meal, user_slot, device_time, clock_offset_s, sequence, gateway_id, stored_at"
)
"""Their order in a row."""
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_AWARE_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_NAIVE_2000 = datetime(2000, 1, 1)  # noqa: DTZ001 - a meter's clock has no zone
_TEXT_OID = 25
_NULL = b"\xff\xff\xff\xff"
# 19 fields; device_id, record_key, measured_at, value, received_at, epoch, outbox_number, each after its length
_FIXED = struct.Struct(">hiiiqiqidiqiqiq")
_INT = struct.Struct(">ii")
_LONG = struct.Struct(">iq")
_DOUBLE = struct.Struct(">id")
_REAL = struct.Struct(">if")


class Place(NamedTuple):
    """Where a reading lay: gateway, epoch of its outbox, number in it."""

    gateway: str
    epoch: int
    number: int


def encode_row(line: Line, owner: Whose, place: Place, stored_at: bytes) -> bytes:
    """One row. `stored_at` is a field of `encode_instant`."""
    reading = line.reading
    device_time, offset, sequence, slot = (
        reading.device_time,
        reading.clock_offset_s,
        reading.sequence,
        reading.user_slot,
    )
    measured = reading.measured_at - _AWARE_2000
    received = reading.received_at - _AWARE_2000
    return b"".join(
        (
            _FIXED.pack(
                19,
                4,
                line.device_id,
                8,
                line.record_key,
                8,
                (measured.days * 86400 + measured.seconds) * 1000000 + measured.microseconds,
                8,
                reading.value,
                8,
                (received.days * 86400 + received.seconds) * 1000000 + received.microseconds,
                8,
                place.epoch,
                8,
                place.number,
            ),
            _METRICS[reading.metric._value_],  # an enum member is a slow key
            _owner(owner),
            _flags(reading.flags) if reading.flags else _NO_FLAGS,
            _NULL if reading.meal is None else _MEALS[reading.meal],
            _NULL if slot is None else _INT.pack(4, slot),
            _NULL if device_time is None else _naive(device_time),
            _NULL if offset is None else _DOUBLE.pack(8, offset),
            _NULL if sequence is None else _INT.pack(4, sequence),
            _gateway(place.gateway),
            stored_at,
        )
    )


def encode_instant(at: datetime) -> bytes:
    """A field of type timestamptz; `at` has a zone."""
    return _LONG.pack(8, microseconds_since_2000(at))


def microseconds_since_2000(at: datetime) -> int:
    """As PostgreSQL counts time; `at` has a zone."""
    since = at - _AWARE_2000
    return (since.days * 86400 + since.seconds) * 1000000 + since.microseconds


def array_literal(values: Iterable[object]) -> str:
    """Numbers, instants or words of letters and underscores as PostgreSQL's text of an array."""
    return f"{{{','.join(map(str, values))}}}"


def _naive(at: datetime) -> bytes:
    since = at - _NAIVE_2000
    return _LONG.pack(8, (since.days * 86400 + since.seconds) * 1000000 + since.microseconds)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


@lru_cache(maxsize=4096)
def _owner(owner: Whose) -> bytes:
    elder = _NULL if owner.elder_id is None else _INT.pack(4, owner.elder_id)
    certainty = _NULL if owner.certainty is None else _REAL.pack(4, owner.certainty)
    return elder + certainty + _text(owner.why.value)


@lru_cache(maxsize=4096)
def _gateway(name: str) -> bytes:
    return _text(name)


@lru_cache(maxsize=256)
def _flags(flags: tuple[Flag, ...]) -> bytes:
    """text[]: dimensions, no NULLs, type of the elements, their count, lowest index, the elements."""
    head = struct.pack(">iii", 1, 0, _TEXT_OID) + struct.pack(">ii", len(flags), 1)
    body = head + b"".join(_text(flag.value) for flag in flags)
    return len(body).to_bytes(4, "big") + body


_METRICS = {metric.value: _text(metric.value) for metric in Metric}
_MEALS = {meal: _text(meal.value) for meal in Meal}
_NO_FLAGS = struct.pack(">iiii", 12, 0, 0, _TEXT_OID)
