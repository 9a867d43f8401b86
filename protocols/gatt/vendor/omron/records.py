"""One record in the memory of an Omron monitor, in the two layouts that are proven by bytes of real monitors.

| layout | bytes                                                                                                |
|--------|------------------------------------------------------------------------------------------------------|
| LITTLE | systolic - 25, diastolic, pulse, year (low 6 bits), u16 date and marks, u16 time, ... (14 or 16)      |
| BIG    | diastolic, systolic - 25, year, pulse, u16 date and marks, u16 time, ... (14)                         |

Date and marks, from the highest bit: moved, irregular pulse, month 4, day 5, hour 5. Time: what stands in the top four
bits is not agreed on, then minute 6, second 6, which may be up to 63 and means 59 then. The u16s have the layout's
byte order. Sources: userx14/omblepy (deviceSpecific), eigger/hass-omron (record_parsers.py).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from protocols.cursor import Cursor
from protocols.gatt.vendor.pressure_values import pressure_values
from protocols.reading import Flag
from protocols.record import Record
from protocols.serial.never_set import NEVER_SET

SYSTOLIC_BIAS = 25
HIGHEST_STORED_SYSTOLIC = 0xE1
"""Above it the slot is empty."""
EPOCH_YEAR = 2000
LAST_YEAR = 2063
_MOVED, _IRREGULAR = 0x8000, 0x4000


class Layout(Enum):
    LITTLE = "little"
    BIG = "big"


@dataclass(frozen=True)
class StoredPressure:
    """One record as the monitor keeps it; pressures in mmHg, pulse per minute."""

    at: datetime
    systolic: int
    diastolic: int
    pulse: int
    moved: bool = False
    irregular: bool = False


def encode_record(stored: StoredPressure, layout: Layout, length: int) -> bytes:
    """`length` is 14 or 16; the bytes behind the known ones are zero. Raises ValueError for a year it cannot hold."""
    if not EPOCH_YEAR <= stored.at.year <= LAST_YEAR:
        raise ValueError(f"year {stored.at.year} is not between {EPOCH_YEAR} and {LAST_YEAR}")
    at, year = stored.at, stored.at.year - EPOCH_YEAR
    date = at.month << 10 | at.day << 5 | at.hour
    date |= (_MOVED if stored.moved else 0) | (_IRREGULAR if stored.irregular else 0)
    systolic = stored.systolic - SYSTOLIC_BIAS
    if layout is Layout.LITTLE:
        numbers = bytes((systolic, stored.diastolic, stored.pulse, year))
    else:
        numbers = bytes((stored.diastolic, systolic, year, stored.pulse))
    order = _order(layout)
    known = numbers + date.to_bytes(2, order) + (at.minute << 6 | at.second).to_bytes(2, order)
    return known.ljust(length, b"\0")


def decode_record(data: bytes, layout: Layout, slot: int, user_slot: int | None = None) -> Record | None:
    """The record in `data`, one whole slot, or None where the slot is empty. Raises Truncated below 8 bytes.

    `slot` is its place among all records of the monitor, and stands for its number where it has no time.
    """
    cursor = Cursor(data)
    numbers = cursor.take(4)
    if layout is Layout.LITTLE:
        stored_systolic, diastolic, pulse, year = numbers
        date, time = cursor.u16_le(), cursor.u16_le()
    else:
        diastolic, stored_systolic, year, pulse = numbers
        date, time = cursor.u16_be(), cursor.u16_be()
    if stored_systolic > HIGHEST_STORED_SYSTOLIC or not any((*numbers, date, time)):
        return None
    flags = [Flag.BODY_MOVED] if date & _MOVED else []
    flags += [Flag.IRREGULAR_PULSE] if date & _IRREGULAR else []
    at = _time(year & 0x3F, date, time)
    if at is None:
        flags.append(Flag.DEVICE_TIME_FAULT)
    return Record(
        pressure_values(stored_systolic + SYSTOLIC_BIAS, diastolic, pulse),
        NEVER_SET if at is None else at,
        sequence=slot if at is None else None,
        user_slot=user_slot,
        flags=tuple(flags),
    )


def _time(year: int, date: int, time: int) -> datetime | None:
    month, day, hour = date >> 10 & 0x0F, date >> 5 & 0x1F, date & 0x1F
    minute, second = time >> 6 & 0x3F, min(time & 0x3F, 59)
    try:
        return datetime(EPOCH_YEAR + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone
    except ValueError:
        return None


def _order(layout: Layout) -> Literal["little", "big"]:
    return "little" if layout is Layout.LITTLE else "big"
