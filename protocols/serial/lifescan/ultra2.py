"""Commands and lines of the LifeScan OneTouch Ultra2 (glucometerutils, drivers/otultra2; Tidepool, oneTouchUltra2).

A command is DC1 CR command CR. An answer is lines of ASCII, each with the 16-bit sum of its bytes behind it as four
hexadecimal digits: `text HHHH CR LF`. The memory comes as a header that counts the records and names serial number
and unit of the display, then a line for each record, newest first. Glucose is in mg/dL whatever the display shows.

Decoders take a line without its end. They raise Truncated where no sum stands at its end, ChecksumMismatch, and
UnexpectedReply for a right line that is not the one expected.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from protocols.errors import ChecksumMismatch, Truncated, UnexpectedReply
from protocols.reading import Flag, Meal, Metric, Unit
from protocols.record import Record
from protocols.serial.lifescan.reply import RANGE
from protocols.serial.sum16 import sum16

MODEL = "OneTouch Ultra2"
MEMORY_RECORDS = 500
LINE_END = b"\r\n"

READ_VERSION = b"DM?"
READ_SERIAL = b"DM@"
READ_CLOCK = b"DMF"
SET_CLOCK = b"DMT"
READ_UNIT = b"DMSU?"
READ_MEMORY = b"DMP"
ERASE = b"DMZ"

_WAKE = b"\x11\r"
_SUM = re.compile(rb"(?s:(.*)) ([0-9A-F]{4})")
_TIME = r'"[A-Z]{3}","(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d\d)","(?P<clock>\d\d:\d\d:\d\d) (?P<half>  |AM|PM)"'
_CLOCK = re.compile(rf"[FT] {_TIME}")
_SERIAL = re.compile(r'@ "([0-9A-Z]{9})"')
_HEADER = re.compile(r'P (\d{3}),"([0-9A-Z]{9})","(MG/DL |MMOL/L)"')
_RECORD = re.compile(
    rf'P {_TIME},"(?P<control>[C ]) ?(?:(?P<value>\d{{3}})|(?P<high>HIGH|HI)|(?P<low>LOW|LO)) *(?P<doubt>[? ])",'
    r'"(?P<meal>[NBA])","(?P<comment>\d\d)", 00'
)
_MEALS = {"N": None, "B": Meal.BEFORE_MEAL, "A": Meal.AFTER_MEAL}
_MEAL_LETTERS = {meal: letter for letter, meal in _MEALS.items()}
_UNITS = {"MG/DL ": Unit.MG_DL, "MMOL/L": Unit.MMOL_L}
_UNIT_WORDS = {unit: word for word, unit in _UNITS.items()}
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")  # not %a, which speaks the machine's language
_NOON = 12


@dataclass(frozen=True)
class MemoryHeader:
    records: int
    serial_number: str
    unit: Unit
    """Of the display; records are in mg/dL."""


def encode_command(command: bytes) -> bytes:
    """`command` with the characters that wake the meter, ready for the line."""
    return _WAKE + command + b"\r"


def encode_clock_setting(device_time: datetime) -> bytes:
    return encode_command(SET_CLOCK + device_time.strftime("%m/%d/%y %H:%M:%S").encode("ascii"))


def decode_clock_setting(command: bytes) -> datetime | None:
    """The meter's side: the time of a DMT command (without its end), None where it is none."""
    try:
        return datetime.strptime(command.removeprefix(SET_CLOCK).decode("ascii"), "%m/%d/%y %H:%M:%S")  # noqa: DTZ007 - the meter's clock has no zone
    except ValueError:
        return None


def encode_line(text: str) -> bytes:
    """`text` with its sum and the line's end."""
    data = text.encode("ascii")
    return data + f" {sum16(data):04X}".encode("ascii") + LINE_END


def decode_line(line: bytes) -> str:
    """The text of a line, its sum proven."""
    match = _SUM.fullmatch(line)
    if match is None:
        raise Truncated("a line ends with a space and four hexadecimal digits", offset=len(line))
    text, digits = match.groups()
    if sum16(text) != int(digits, 16):
        raise ChecksumMismatch("sum of the line is wrong", offset=len(text) + 1)
    return str(text, "ascii", errors="replace")


def encode_version_line(version: str) -> bytes:
    return encode_line(f"?{version}")


def decode_version_line(line: bytes) -> str:
    text = decode_line(line)
    if not text.startswith("?") or not text.isprintable():
        raise _unexpected("version", text)
    return text[1:]


def encode_serial_line(serial_number: str) -> bytes:
    return encode_line(f'@ "{serial_number}"')


def decode_serial_line(line: bytes) -> str:
    """The last letter of the serial number names the model: Y."""
    text = decode_line(line)
    match = _SERIAL.fullmatch(text)
    if match is None:
        raise _unexpected("serial number", text)
    serial_number = match[1]
    if not serial_number.endswith("Y"):
        raise UnexpectedReply(f"serial number {serial_number} does not end with Y: a OneTouch, but not a {MODEL}")
    return serial_number


def encode_clock_line(device_time: datetime, letter: str = "F") -> bytes:
    """`letter` is F after reading, T after setting."""
    return encode_line(f"{letter} {_time_text(device_time)}")


def decode_clock_line(line: bytes) -> datetime | None:
    """None where the clock shows no time that there is."""
    text = decode_line(line)
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise _unexpected("clock", text)
    return _time(match)


def encode_unit_line(unit: Unit) -> bytes:
    return encode_line(f'SU?,"{_UNIT_WORDS[unit]}"')


def encode_header_line(header: MemoryHeader) -> bytes:
    return encode_line(f'P {header.records:03},"{header.serial_number}","{_UNIT_WORDS[header.unit]}"')


def decode_header_line(line: bytes) -> MemoryHeader:
    text = decode_line(line)
    match = _HEADER.fullmatch(text)
    if match is None:
        raise _unexpected("memory", text)
    return MemoryHeader(int(match[1]), match[2], _UNITS[match[3]])


def encode_record_line(
    device_time: datetime, glucose_mg_dl: int, meal: Meal | None = None, *, control_solution: bool = False
) -> bytes:
    """`meal` is None, BEFORE_MEAL or AFTER_MEAL; `glucose_mg_dl` has three digits at most."""
    value = f"{'C' if control_solution else ' '} {glucose_mg_dl:03} "
    return encode_line(f'P {_time_text(device_time)},"{value}","{_MEAL_LETTERS[meal]}","00", 00')


def decode_record_line(line: bytes) -> Record:
    """A question mark behind the value is the meter's own doubt in its memory: SENSOR_FAULT. Comments are left out."""
    text = decode_line(line)
    match = _RECORD.fullmatch(text)
    if match is None:
        raise _unexpected("record", text)
    if match["value"]:
        value, flags = RANGE.bound(float(match["value"]))
    elif match["high"]:
        value, flags = RANGE.highest_mg_dl, (Flag.ABOVE_RANGE,)
    else:
        value, flags = RANGE.lowest_mg_dl, (Flag.BELOW_RANGE,)
    if match["doubt"] == "?":
        flags += (Flag.SENSOR_FAULT,)
    return Record(
        ((Metric.GLUCOSE, value),),
        _time(match),
        flags=flags,
        meal=_MEALS[match["meal"]],
        control_solution=match["control"] == "C",
    )


def _unexpected(asked: str, text: str) -> UnexpectedReply:
    return UnexpectedReply(f"asked for the {asked}, the meter answers {text[:80]!r}: not as a {MODEL} does")


def _time_text(device_time: datetime) -> str:
    return f'"{_DAYS[device_time.weekday()]}",' + device_time.strftime('"%m/%d/%y","%H:%M:%S   "')


def _time(match: re.Match[str]) -> datetime | None:
    hour, minute, second = (int(part) for part in match["clock"].split(":"))
    if match["half"].strip():
        hour = hour % _NOON + (_NOON if match["half"] == "PM" else 0)
    try:
        return datetime(2000 + int(match["year"]), int(match["month"]), int(match["day"]), hour, minute, second)  # noqa: DTZ001 - as above
    except ValueError:
        return None
