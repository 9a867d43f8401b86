"""Current Time (0x2A2B), 10 bytes.

Date Time 7 bytes, day of week u8 (1 Monday, 0 unknown), 1/256 s u8, adjust reason u8.
"""

from datetime import datetime, timedelta
from enum import IntFlag

from protocols.cursor import Cursor
from protocols.gatt.date_time import encode_date_time, read_date_time


class AdjustReason(IntFlag):
    """Why the clock was changed last."""

    MANUAL_UPDATE = 1
    EXTERNAL_REFERENCE = 2
    TIME_ZONE_CHANGE = 4
    DAYLIGHT_SAVING_CHANGE = 8


def decode_current_time(data: bytes) -> datetime | None:
    """Naive time with its fraction of a second, or None where the device does not know it.

    Day of week and adjust reason are read and left: the date says the one, and nothing depends on the other.
    Raises Truncated below 10 bytes, ReservedValue outside the calendar.
    """
    cursor = Cursor(data)
    at = read_date_time(cursor)
    cursor.u8()
    fraction = cursor.u8()
    cursor.u8()
    return None if at is None else at + timedelta(microseconds=fraction * 1_000_000 // 256)


def encode_current_time(at: datetime, adjust_reason: int = 0) -> bytes:
    """10 bytes of the naive `at`, to 1/256 s; `adjust_reason` is a set of AdjustReason."""
    fraction = at.microsecond * 256 // 1_000_000
    return encode_date_time(at) + bytes((at.isoweekday(), fraction, adjust_reason))
