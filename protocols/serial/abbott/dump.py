"""The memory of a FreeStyle meter as it comes: text lines between an empty line and a sum.

Source: glucometer-protocols, abbott/freestyle-optium and abbott/freestyle-lite.

    CR LF
    serial number CR LF
    software version CR LF
    June 10 2013 14:26:44 CR LF            the meter's clock
    002 CR LF                              records; the FreeStyle Lite adds another LF
    093  Apr  22 2014 02:14 G 0x00 CR LF   Optium: G glucose, K ketone
    HI   June 10 2013 14:26 00 0x01 CR LF  Lite: two digits of unknown meaning
    0x1A2B  END CR LF

Months have four characters. The sum is that of all bytes before `0x`, cut to 16 bits. An empty memory says
`Log Empty` and `END` in place of number, records and sum. The last byte of a record: bit 0 control solution, bit 1 the
clock had been lost (Tidepool, abbottPrecisionXtra). Glucose is in mg/dL whatever the display shows; ketone counts
eighteenths of a mmol/L. Records come newest first, or the other way round: which, is seen from their times.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from protocols.errors import ChecksumMismatch, DecodeError, Truncated, UnexpectedReply
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.glucose_range import GlucoseRange
from protocols.serial.never_set import NEVER_SET
from protocols.serial.sum16 import sum16
from protocols.serial.within_minute import number_within_minute, oldest_first

RANGE = GlucoseRange(lowest_mg_dl=20, highest_mg_dl=500)
"""Beyond it the meters say LO and HI (Tidepool)."""
HIGHEST_KETONE_MMOL_L = 8.0
KETONE_STEPS_PER_MMOL_L = 18
CONTROL_SOLUTION, CLOCK_LOST = 0x01, 0x02
MEMORY_RECORDS = 450

_MONTHS = ("Jan ", "Feb ", "Mar ", "Apr ", "May ", "June", "July", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ")
_DATE = rb"(?:" + b"|".join(month.encode() for month in _MONTHS) + rb") \d\d \d{4} \d\d:\d\d"
_END = re.compile(rb"(?:0x([0-9A-Fa-f]{4}) +|Log Empty\s+)END(?:\r\n)?$")
_HEAD = re.compile(
    rb"\r\n(?P<serial>[A-Z0-9-]{11,14})\r\n\s*(?P<version>[ -~]{1,20}?)\r\n(?P<clock>" + _DATE + rb":\d\d)\r\n"
)
_COUNT = re.compile(rb"(\d{3})\r\n\n?")


@dataclass(frozen=True)
class Dialect:
    """What the meters of the family do differently."""

    model: str
    command: bytes
    version: re.Pattern[bytes]
    result: re.Pattern[bytes]
    """Groups: value, time, type, status."""
    glucose_type: str
    """As a meter writes it; anything else is ketone where `ketone_type` is that."""
    ketone_type: str
    after_count: str


_VALUE_AND_TIME = rb"(HI |LO |\d{3})  (" + _DATE + rb") "
OPTIUM = Dialect(
    model="FreeStyle Optium",
    command=b"$xmem\r\n",
    version=re.compile(rb"[0-9.]{4,13}"),
    result=re.compile(_VALUE_AND_TIME + rb"([GK]) 0x([0-9A-Fa-f]{2})"),
    glucose_type="G",
    ketone_type="K",
    after_count="",
)
LITE = Dialect(
    model="FreeStyle Lite",
    command=b"$mem\r\n",
    version=re.compile(rb"[0-9.]{3,13} *-P"),
    result=re.compile(_VALUE_AND_TIME + rb"(\d\d) 0x([0-9A-Fa-f]{2})"),
    glucose_type="00",
    ketone_type="",
    after_count="\n",
)


@dataclass(frozen=True)
class Dump:
    serial_number: str
    version: str
    clock: datetime | None
    """None where it is no date."""
    records: tuple[Record, ...]
    """Oldest first; those after the first of one minute have a sequence."""


def encode_dump(dialect: Dialect, serial_number: str, version: str, clock: datetime, results: list[str]) -> bytes:
    """`results` as `encode_result` makes them, in the order in which the meter keeps them."""
    head = f"\r\n{serial_number}\r\n{version}\r\n{_encode_time(clock)}:{clock.second:02d}\r\n"
    if not results and dialect is LITE:
        return (head + "Log Empty\r\nEND\r\n").encode("ascii")
    body = f"{len(results):03d}\r\n{dialect.after_count}" + "".join(f"{result}\r\n" for result in results)
    text = (head + body).encode("ascii")
    return text + b"0x%04X  END\r\n" % sum16(text)


def encode_result(dialect: Dialect, at: datetime, glucose_mg_dl: int, status: int = 0) -> str:
    value = f"{glucose_mg_dl:03d}"
    if glucose_mg_dl > RANGE.highest_mg_dl:
        value = "HI "
    elif glucose_mg_dl < RANGE.lowest_mg_dl:
        value = "LO "
    return f"{value}  {_encode_time(at)} {dialect.glucose_type} 0x{status:02X}"


def decode_dump(data: bytes, dialect: Dialect) -> Dump:
    """What stands before the empty line at the beginning (an echo, noise) is left out.

    Raises Truncated, ChecksumMismatch, DecodeError, and UnexpectedReply where a whole text is that of another meter.
    """
    end = _END.search(data)
    if end is None:
        raise Truncated("the memory ends without END", offset=len(data))
    head = _HEAD.search(data)
    if head is None:
        raise DecodeError("the memory does not begin with serial number, version and clock", offset=0)
    if end[1] is not None and int(end[1], 16) != sum16(data[head.start() : end.start()]):
        raise ChecksumMismatch("sum of the memory is wrong", offset=end.start())
    version = head["version"]
    if not dialect.version.fullmatch(version):
        raise UnexpectedReply(f"software version {version.decode('ascii')!r} is not that of a {dialect.model}")
    records = () if end[1] is None else _records(data[: end.start()], head.end(), dialect)
    at, _ = _time(head["clock"][:-3], second=int(head["clock"][-2:]))
    return Dump(head["serial"].decode("ascii"), version.decode("ascii"), at, records)


def _records(data: bytes, offset: int, dialect: Dialect) -> tuple[Record, ...]:
    count = _COUNT.match(data, offset)
    if count is None:
        raise DecodeError("the number of records is missing", offset=offset)
    lines = data[count.end() :].split(b"\r\n")[:-1]
    if len(lines) != int(count[1]):
        raise DecodeError(f"{int(count[1])} records are said, {len(lines)} come", offset=count.end())
    records = [_record(line, dialect) for line in lines]
    return tuple(number_within_minute(oldest_first(records)))


def _record(line: bytes, dialect: Dialect) -> Record:
    result = dialect.result.fullmatch(line)
    if result is None:
        raise UnexpectedReply(f"record {line[:40].decode('ascii', 'replace')!r} is not that of a {dialect.model}")
    value, kind, status = result[1].decode("ascii"), result[3].decode("ascii"), int(result[4], 16)
    metric, number, flags = _ketone(value) if kind == dialect.ketone_type else _glucose(value)
    at, doubt = _time(result[2])
    if status & CLOCK_LOST and not doubt:
        doubt = (Flag.DEVICE_TIME_FAULT,)
    return Record(
        ((metric, number),),
        NEVER_SET if at is None else at,
        flags=flags + doubt,
        control_solution=bool(status & CONTROL_SOLUTION),
    )


def _glucose(value: str) -> tuple[Metric, float, tuple[Flag, ...]]:
    if value == "HI ":
        return Metric.GLUCOSE, RANGE.highest_mg_dl, (Flag.ABOVE_RANGE,)
    if value == "LO ":
        return Metric.GLUCOSE, RANGE.lowest_mg_dl, (Flag.BELOW_RANGE,)
    return Metric.GLUCOSE, *RANGE.bound(float(value))


def _ketone(value: str) -> tuple[Metric, float, tuple[Flag, ...]]:
    """Rounded as the display shows it."""
    if value == "HI ":
        return Metric.KETONE, HIGHEST_KETONE_MMOL_L, (Flag.ABOVE_RANGE,)
    if value == "LO ":
        return Metric.KETONE, 0.0, (Flag.BELOW_RANGE,)
    return Metric.KETONE, round(int(value) / KETONE_STEPS_PER_MMOL_L, 1), ()


def _encode_time(at: datetime) -> str:
    return f"{_MONTHS[at.month - 1]} {at.day:02d} {at.year:04d} {at.hour:02d}:{at.minute:02d}"


def _time(written: bytes, second: int = 0) -> tuple[datetime | None, tuple[Flag, ...]]:
    text = written.decode("ascii")
    month, (day, year, clock) = text[:4], text[5:].split(" ")
    hour, minute = clock.split(":")
    try:
        at = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), second)  # noqa: DTZ001
    except ValueError:  # no such day
        return None, (Flag.DEVICE_TIME_FAULT,)
    return at, ()
