"""Messages of the SD Biosensor SD Codefree (glucometer-protocols, sd-biosensor/codefree).

The meter speaks first: when it is switched on it greets, waits a moment for the answer, and then counts its records.
`10 60` fetches them one by one, newest first; after the last the same message ends the session, which `10 70`
confirms. A meter that is left before that stays in its PC mode until it is switched off. It tells neither its clock
nor its serial number. Times are whole minutes of the meter's own clock; glucose is u16 mg/dL, high byte first.

All functions take and give the message of a frame (see `frame`). Decoders raise Truncated, ReservedValue and
UnexpectedReply.
"""

from datetime import datetime

from protocols.cursor import Cursor
from protocols.errors import DecodeError, ReservedValue, UnexpectedReply
from protocols.reading import Meal, Metric
from protocols.record import Record
from protocols.serial.glucose_range import GlucoseRange

MODEL = "SD Codefree"
MEMORY_RECORDS = 500
"""As sold; the protocol has no bound of its own."""
RANGE = GlucoseRange(lowest_mg_dl=10, highest_mg_dl=600)
"""As sold."""

GREETING = b"\x10\x30"
GREETING_ANSWER = b"\x10\x40"
FETCH = b"\x10\x60"
"""The next record; after the last, the end of the session."""
FAREWELL = b"\x10\x70"
CLOCK_IS_SET = b"\x10\x10"

_COUNT = 0x30
_COUNT_PADDING = b"\xaa" * 19
_RECORD_LENGTH = 17
_RECORD_HEAD = b"\x20\x00"
_RECORD_TAIL = bytes(7)
_SET_CLOCK = b"ADATE"
_MEALS = {0x00: None, 0x10: Meal.BEFORE_MEAL, 0x20: Meal.AFTER_MEAL}
_MEAL_CODES = {meal: code for code, meal in _MEALS.items()}
_CENTURY = 2000


def encode_count(records: int) -> bytes:
    return bytes((_COUNT,)) + records.to_bytes(2, "big") + _COUNT_PADDING


def decode_count(message: bytes) -> int:
    cursor = Cursor(message)
    kind = cursor.u8()
    if kind != _COUNT:
        raise UnexpectedReply(f"expected the count of records (30), the meter says {message[:4].hex(' ')}")
    count = cursor.u16_be()
    if cursor.take(len(_COUNT_PADDING)) != _COUNT_PADDING or cursor.remaining:
        raise UnexpectedReply(f"behind the count of records stand other bytes than those of a {MODEL}")
    return count


def encode_record(device_time: datetime, glucose_mg_dl: int, meal: Meal | None = None) -> bytes:
    """`meal` is None, BEFORE_MEAL or AFTER_MEAL."""
    at = (device_time.year - _CENTURY, device_time.month, device_time.day, device_time.hour, device_time.minute)
    value = glucose_mg_dl.to_bytes(2, "big")
    return _RECORD_HEAD + bytes(at) + value + bytes((_MEAL_CODES[meal],)) + _RECORD_TAIL


def decode_record(message: bytes) -> Record:
    """The first two bytes and the last seven have no known meaning. A time that there is not becomes None."""
    cursor = Cursor(message)
    cursor.take(2)
    year, month, day, hour, minute = (cursor.u8() for _ in range(5))
    glucose_mg_dl = cursor.u16_be()
    meal = cursor.u8()
    cursor.take(7)
    if cursor.remaining:
        raise UnexpectedReply(f"a record has {_RECORD_LENGTH} bytes, the meter sends {len(message)}")
    if meal not in _MEALS:
        raise ReservedValue(f"meal mark {meal:02x} of a record is not one of 00, 10, 20", offset=9)
    value, flags = RANGE.bound(float(glucose_mg_dl))
    try:
        device_time = datetime(_CENTURY + year, month, day, hour, minute)  # noqa: DTZ001 - the meter's clock has no zone
    except ValueError:
        device_time = None
    return Record(((Metric.GLUCOSE, value),), device_time, flags=flags, meal=_MEALS[meal])


def decode_clock_setting(message: bytes) -> datetime:
    """The meter's side: the time of an ADATE message, its century dropped. Raises DecodeError where it is none."""
    digits = message.removeprefix(_SET_CLOCK)
    if len(digits) != len("yyyymmddhhmm"):
        raise DecodeError("ADATE and twelve digits are expected", offset=min(len(message), len(_SET_CLOCK)))
    try:
        shown = datetime.strptime(digits.decode("ascii"), "%Y%m%d%H%M")  # noqa: DTZ007 - as above
    except ValueError as error:
        raise DecodeError("ADATE and twelve digits are expected", offset=len(_SET_CLOCK)) from error
    return shown.replace(year=_CENTURY + shown.year % 100)


def encode_clock_setting(device_time: datetime) -> bytes:
    return _SET_CLOCK + device_time.strftime("%Y%m%d%H%M").encode("ascii")


def is_clock_setting(message: bytes) -> bool:
    return message.startswith(_SET_CLOCK)
