"""Seven octets of time: TS 23.040 section 9.2.3.11. The zone counts quarters of an hour, bit 3 is its sign."""

from datetime import datetime, timedelta, timezone

from protocols.cursor import Cursor

_OCTETS = 7
_NEGATIVE = 0x08
_CENTURY, _FIRST_YEAR_OF_1900 = 2000, 90
"""Years 90 to 99 are of the last century: the standard is from then, and so are some vectors."""


def read_timestamp(cursor: Cursor) -> datetime | None:
    """None where the octets name no moment: a centre without a clock must not cost us the message.

    Raises Truncated.
    """
    octets = cursor.take(_OCTETS)
    try:
        year, month, day, hour, minute, second = (_pair(octet) for octet in octets[:-1])
        quarters = _pair(octets[-1] & ~_NEGATIVE)
        zone = timedelta(minutes=15 * (-quarters if octets[-1] & _NEGATIVE else quarters))
        century = _CENTURY - 100 if year >= _FIRST_YEAR_OF_1900 else _CENTURY
        return datetime(century + year, month, day, hour, minute, second, tzinfo=timezone(zone))
    except ValueError:
        return None


def encode_timestamp(at: datetime) -> bytes:
    """`at` with its zone, from 1990 to 2089. Raises ValueError for a naive one, or another year."""
    offset = at.utcoffset()
    if offset is None or not 1990 <= at.year < 2090:
        raise ValueError(f"{at} has no zone, or a year that two digits cannot say")
    quarters = round(offset / timedelta(minutes=15))
    fields = (at.year % 100, at.month, at.day, at.hour, at.minute, at.second, abs(quarters))
    octets = bytearray(value % 10 << 4 | value // 10 for value in fields)
    if quarters < 0:
        octets[-1] |= _NEGATIVE
    return bytes(octets)


def _pair(octet: int) -> int:
    tens, units = octet & 0xF, octet >> 4
    if tens > 9 or units > 9:
        raise ValueError("a half-octet is no digit")
    return 10 * tens + units
