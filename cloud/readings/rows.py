"""Rows of readings as PostgreSQL's COPY takes them in its binary format. Pure.

The format: a header, then a row as the number of its fields and each field as its length and its bytes, big-endian;
length -1 is NULL. Times are microseconds since 2000. All rows are made at once: numbers column by column into a table
of bytes as wide as the widest row, words by their place in a list of the few that there are; then what a row does not
have is left out.
"""

import struct
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from cloud.readings.columns import METRICS, Columns, Sparse, Whole
from cloud.registry.whose import Whose
from protocols.reading import Flag, Meal

COLUMNS = (
    "device_id, record_key, measured_at, value, received_at, epoch, outbox_number, stored_at, "
    "device_time, clock_offset_s, sequence, user_slot, "
    "metric, elder_id, wearer_certainty, wearer_why, flags, meal, gateway_id"
)
"""Their order in a row."""
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_AWARE_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_TEXT_OID = 25
_NULL = b"\xff\xff\xff\xff"
_INT = struct.Struct(">ii")
_REAL = struct.Struct(">if")
_SIZES = {"i4": 4, "i8": 8, "f8": 8}
_NUMBERS = {
    "device_id": "i4", "record_key": "i8", "measured_at": "i8", "value": "f8", "received_at": "i8", "epoch": "i8",
    "outbox_number": "i8", "stored_at": "i8",
    "device_time": "i8", "clock_offset_s": "f8", "sequence": "i4", "user_slot": "i4",
}  # fmt: skip
_SPARSE = ("device_time", "clock_offset_s", "sequence", "user_slot")
_LAYOUT = np.dtype(
    [("count", ">i2")]
    + [part for name, kind in _NUMBERS.items() for part in ((f"{name} size", ">i4"), (name, f">{kind}"))]
)

K = TypeVar("K", bound=Hashable)
Table = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""Bytes of rows, and which of them are there."""


class Place(NamedTuple):
    """Where a reading lay: gateway, epoch of its outbox, number in it."""

    gateway: str
    epoch: int
    number: int


@dataclass(frozen=True)
class Rows:
    """What is to be written, before it is bytes. Every array and `columns` are in the same order."""

    columns: Columns
    device_ids: Whole
    record_keys: Whole
    epochs: Whole
    numbers: Whole
    owners: Sequence[Whose]
    owner_of: NDArray[np.intp]
    """Places in `owners`."""
    gateways: Sequence[str]
    gateway_of: NDArray[np.intp]
    """Places in `gateways`."""


def encode_rows(rows: Rows, chosen: NDArray[np.intp], stored_at: datetime) -> bytes:
    """Those at the places `chosen`, in that order, with header and trailer."""
    columns = rows.columns
    tables = [
        _numbers(rows, chosen, microseconds_since_2000(stored_at)),
        _words(_METRICS, columns.metrics[chosen]),
        _words([_owner(owner) for owner in rows.owners], rows.owner_of[chosen]),
        _words(*_listed([columns.flags[at] for at in chosen.tolist()], _flags)),
        _words(*_listed([columns.meals[at] for at in chosen.tolist()], _meal)),
        _words([_text(gateway) for gateway in rows.gateways], rows.gateway_of[chosen]),
    ]
    body = np.concatenate([table for table, _ in tables], axis=1)
    there = np.concatenate([there for _, there in tables], axis=1)
    found: bytes = body[there].tobytes()
    return HEADER + found + TRAILER


def microseconds_since_2000(at: datetime) -> int:
    """As PostgreSQL counts time; `at` has a zone."""
    since = at - _AWARE_2000
    return (since.days * 86400 + since.seconds) * 1000000 + since.microseconds


def _numbers(rows: Rows, chosen: NDArray[np.intp], stored_us: int) -> Table:
    columns = rows.columns
    table = np.empty(len(chosen), _LAYOUT)
    table["count"] = COLUMNS.count(",") + 1
    for name, kind in _NUMBERS.items():
        table[f"{name} size"] = _SIZES[kind]
    whole: dict[str, NDArray[Any]] = {
        "device_id": rows.device_ids,
        "record_key": rows.record_keys,
        "measured_at": columns.measured_us,
        "value": columns.values,
        "received_at": columns.received_us,
        "epoch": rows.epochs,
        "outbox_number": rows.numbers,
    }
    for name, values in whole.items():
        table[name] = values[chosen]
    table["stored_at"] = stored_us
    there = np.ones((len(chosen), _LAYOUT.itemsize), np.bool_)
    sparse = (columns.device_time_us, columns.clock_offset_s, columns.sequences, columns.user_slots)
    for name, column in zip(_SPARSE, sparse, strict=True):
        _put_sparse(table, there, name, column, chosen)
    return table.view(np.uint8).reshape(len(chosen), _LAYOUT.itemsize), there


def _put_sparse(
    table: NDArray[np.void], there: NDArray[np.bool_], name: str, column: Sparse, chosen: NDArray[np.intp]
) -> None:
    absent = ~column.present[chosen]
    table[name] = column.values[chosen]
    table[f"{name} size"][absent] = -1
    kind, begin = _LAYOUT.fields[name][:2] if _LAYOUT.fields else (_LAYOUT, 0)
    there[absent, begin : begin + kind.itemsize] = False


def _words(words: Sequence[bytes], of: NDArray[np.intp]) -> Table:
    """For each row the one of `words` at its place in `of`."""
    sizes = np.array([len(word) for word in words])
    width = int(sizes.max())
    table = np.frombuffer(b"".join([word.ljust(width) for word in words]), np.uint8).reshape(len(words), width)
    there = np.arange(width) < sizes[:, np.newaxis]
    return table[of], there[of]


def _listed(values: Sequence[K], encode: Callable[[K], bytes]) -> tuple[list[bytes], NDArray[np.intp]]:
    """The few different `values` as bytes, and for each of all its place among them."""
    places: dict[K, int] = {}
    of = np.array([places.setdefault(value, len(places)) for value in values])
    return [encode(value) for value in places], of


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


def _owner(owner: Whose) -> bytes:
    elder = _NULL if owner.elder_id is None else _INT.pack(4, owner.elder_id)
    certainty = _NULL if owner.certainty is None else _REAL.pack(4, owner.certainty)
    return elder + certainty + _text(owner.why.value)


def _flags(flags: tuple[Flag, ...]) -> bytes:
    """text[]: dimensions, no NULLs, type of the elements, their count, lowest index, the elements."""
    if not flags:
        return struct.pack(">iiii", 12, 0, 0, _TEXT_OID)
    head = struct.pack(">iii", 1, 0, _TEXT_OID) + struct.pack(">ii", len(flags), 1)
    body = head + b"".join(_text(flag.value) for flag in flags)
    return len(body).to_bytes(4, "big") + body


def _meal(meal: Meal | None) -> bytes:
    return _NULL if meal is None else _text(meal.value)


_METRICS = [_text(metric.value) for metric in METRICS]
