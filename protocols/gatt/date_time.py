"""Date Time (0x2A08), 7 bytes: the device's own clock, without zone.

year u16, month, day, hours, minutes, seconds u8.
"""

from datetime import datetime

from protocols.cursor import Cursor
from protocols.errors import ReservedValue

DATE_TIME_LENGTH = 7


def decode_date_time(data: bytes) -> datetime | None:
    """Naive time, or None where year, month or day is 0, which means "not known".

    Raises Truncated below 7 bytes, ReservedValue for a date or hour outside the calendar.
    """
    return read_date_time(Cursor(data))


def read_date_time(cursor: Cursor) -> datetime | None:
    """`decode_date_time` of the next 7 bytes; the cursor is behind them even where ReservedValue is raised."""
    start = cursor.offset
    year, month, day = cursor.u16_le(), cursor.u8(), cursor.u8()
    hour, minute, second = cursor.u8(), cursor.u8(), cursor.u8()
    if 0 in (year, month, day):
        return None
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a meter's clock has no zone
    except ValueError as error:
        raise ReservedValue(
            f"{year}-{month}-{day} {hour}:{minute}:{second} is not in the calendar", offset=start
        ) from error


def encode_date_time(at: datetime | None) -> bytes:
    """7 bytes of the naive `at`, or of "not known". Fractions of a second are dropped."""
    if at is None:
        return bytes(DATE_TIME_LENGTH)
    return at.year.to_bytes(2, "little") + bytes((at.month, at.day, at.hour, at.minute, at.second))
