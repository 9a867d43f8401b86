"""Commands and lines of the Menarini GlucoMen Areo (glucometer-protocols, menarini/glucomen-areo).

A command is one byte, or two and a block (see `block`); the answer is a block, or the single letter P (done) or
F (refused). A reading is a line `type,value,unit,mark,yymmdd,hhmm`; its value is in the unit that the line names, the
meter's own. The meter does not tell its clock.

Decoders take the lines of a block. They raise UnexpectedReply for what is not an Areo's, and ReservedValue for a mark
that is not described.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from protocols.errors import DecodeError, ReservedValue, UnexpectedReply
from protocols.reading import GLUCOSE_MG_DL_PER_MMOL_L, Flag, Meal, Metric, Unit, in_canonical_unit
from protocols.record import Record
from protocols.serial.glucose_range import GlucoseRange
from protocols.serial.menarini.block import NO_READINGS

MODEL = "GlucoMen Areo"
MEMORY_RECORDS = 730
"""As sold; the protocol has no bound of its own."""
RANGES = {
    Unit.MG_DL: GlucoseRange(lowest_mg_dl=20, highest_mg_dl=600),
    Unit.MMOL_L: GlucoseRange(1.1 * GLUCOSE_MG_DL_PER_MMOL_L, 33.3 * GLUCOSE_MG_DL_PER_MMOL_L),
}
"""As sold: 20 to 600 mg/dL, or 1.1 to 33.3 mmol/L."""

READ_INFO = b"\xa2"
READ_READINGS = b"\x80"
SET_CLOCK = b"\xc2\xa1"
DONE = b"P"
REFUSED = b"F"
GLUCOSE = "Glu"

_INFO_FIELDS = 5
_READING_FIELDS = 6
_TIME = "%y%m%d%H%M"
_UNITS = {"mg/dL": Unit.MG_DL, "mmol/L": Unit.MMOL_L}
_MARKS = {"00": None, "01": None, "02": Meal.BEFORE_MEAL, "04": Meal.AFTER_MEAL, "08": None}
"""01 is a check mark, 08 exercise: neither says anything of a meal."""
_MARK_OF_MEAL = {None: "00", Meal.BEFORE_MEAL: "02", Meal.AFTER_MEAL: "04"}
_HIGH, _LOW = "HI", "LO"
_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
_MG_DL_PER_MMOL_L_SHOWN = 18.0


@dataclass(frozen=True)
class Info:
    serial_number: str
    version: str
    unknown: tuple[str, str, str] = ("0", "0", "0")
    """Three numbers whose meaning is not known."""


def encode_info(info: Info) -> list[bytes]:
    return [",".join((*info.unknown, f" {info.serial_number}", f" {info.version}")).encode("ascii")]


def decode_info(lines: list[bytes]) -> Info:
    fields = _fields(lines[0], "meter's description") if len(lines) == 1 else []
    if len(fields) != _INFO_FIELDS or not all(field.strip().isdigit() for field in fields[:3]):
        raise UnexpectedReply(f"asked who it is, the meter answers {b'/'.join(lines)[:80]!r}: not as a {MODEL} does")
    first, second, third, serial_number, version = (field.strip() for field in fields)
    return Info(serial_number, version, (first, second, third))


def encode_reading(
    device_time: datetime, glucose_mg_dl: float, unit: Unit = Unit.MG_DL, meal: Meal | None = None
) -> bytes:
    """`meal` is None, BEFORE_MEAL or AFTER_MEAL. In mmol/L the meter keeps one decimal."""
    value = f"{glucose_mg_dl:.0f}" if unit is Unit.MG_DL else f"{glucose_mg_dl / _MG_DL_PER_MMOL_L_SHOWN:.1f}"
    at = device_time.strftime("%y%m%d,%H%M")
    return f"{GLUCOSE},{value},{unit},{_MARK_OF_MEAL[meal]},{at}".encode("ascii")


def decode_readings(lines: list[bytes]) -> list[Record]:
    """The glucose readings, in the meter's order. Those of another type are left out: what they mean is not known."""
    if lines == [NO_READINGS]:
        return []
    records = [_decode_reading(_fields(line, "reading")) for line in lines]
    return [record for record in records if record is not None]


def encode_clock_setting(device_time: datetime) -> list[bytes]:
    """The lines of the block behind SET_CLOCK."""
    return [device_time.strftime(_TIME).encode("ascii")]


def decode_clock_setting(lines: list[bytes]) -> datetime:
    """The meter's side. Raises DecodeError where it is no time."""
    device_time = _decode_time(b"".join(lines).decode("ascii", errors="replace"))
    if device_time is None:
        raise DecodeError("yymmddhhmm is expected", offset=0)
    return device_time


def _decode_reading(fields: list[str]) -> Record | None:
    if len(fields) != _READING_FIELDS:
        raise UnexpectedReply(f"a reading has {_READING_FIELDS} fields, the meter sends {','.join(fields)[:80]!r}")
    kind, value, unit, mark, date, time = fields
    if kind != GLUCOSE:
        return None
    if unit not in _UNITS:
        raise UnexpectedReply(f"the meter's unit is {unit!r}; expected mg/dL or mmol/L")
    if mark not in _MARKS:
        raise ReservedValue(f"mark {mark!r} of a reading is not one of {', '.join(_MARKS)}", offset=0)
    glucose_mg_dl, flags = _decode_value(value, _UNITS[unit])
    return Record(((Metric.GLUCOSE, glucose_mg_dl),), _decode_time(date + time), flags=flags, meal=_MARKS[mark])


def _decode_value(text: str, unit: Unit) -> tuple[float, tuple[Flag, ...]]:
    bounds = RANGES[unit]
    if text == _HIGH:
        return bounds.highest_mg_dl, (Flag.ABOVE_RANGE,)
    if text == _LOW:
        return bounds.lowest_mg_dl, (Flag.BELOW_RANGE,)
    if not _NUMBER.fullmatch(text):
        raise UnexpectedReply(f"the value of a reading is {text[:20]!r}; expected a number")
    return bounds.bound(in_canonical_unit(Metric.GLUCOSE, float(text), unit))


def _decode_time(digits: str) -> datetime | None:
    """None for a time that there is not."""
    if len(digits) != len("yymmddhhmm") or not digits.isdecimal():
        return None
    try:
        return datetime.strptime(digits, _TIME)  # noqa: DTZ007 - the meter's clock has no zone
    except ValueError:
        return None


def _fields(line: bytes, asked: str) -> list[str]:
    text = line.decode("ascii", errors="replace")
    if not text.isascii() or not text.isprintable():
        raise UnexpectedReply(f"a line of the {asked} is not text: {line[:32].hex(' ')}")
    return text.split(",")
