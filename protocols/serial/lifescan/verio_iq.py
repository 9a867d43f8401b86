"""Commands and replies of the LifeScan OneTouch Verio IQ (glucometer-protocols, lifescan/onetouch-verio-iq).

A command is `prefix op ...`, a reply `prefix 06 ...`, or another status for a refusal; the meter echoes the prefix 03
or 04 of the command. Records are read by index from 0 to the count, and which end is the newest is not said. Times
are u32 seconds since 2000 of the meter's own clock; glucose is u16 mg/dL whatever unit the display shows.

All functions take and give the payload of a frame (see `frame`), whose link byte is 0. Decoders of replies raise
Truncated and UnexpectedReply.
"""

from datetime import datetime

from protocols.cursor import Cursor
from protocols.errors import DecodeError, ReservedValue, UnexpectedReply
from protocols.reading import Meal, Metric, Unit
from protocols.record import Record
from protocols.serial.lifescan import reply
from protocols.serial.lifescan.command import Codes, Command, CommandKind, read_command

MODEL = "OneTouch Verio IQ"
PREFIX = 0x03
PREFIXES = (0x03, 0x04)
MEMORY_RECORDS = 750
"""By its user manual. A count above it is believed all the same."""

READ_SERIAL = bytes.fromhex("030b0102")
READ_VERSION = bytes.fromhex("030d01")
READ_UNIT = bytes.fromhex("03090202")
READ_CLOCK = bytes.fromhex("032002")
READ_COUNT = bytes.fromhex("032700")
ERASE = bytes.fromhex("031a")

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - the meter's clock has no zone
_MEALS = (None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)


_CODES: Codes = (
    (READ_SERIAL[1:2], CommandKind.READ_SERIAL),
    (READ_VERSION[1:], CommandKind.READ_VERSION),
    (READ_UNIT[1:], CommandKind.READ_UNIT),
    (READ_CLOCK[1:], CommandKind.READ_CLOCK),
    (b"\x20\x01", CommandKind.SET_CLOCK),
    (READ_COUNT[1:], CommandKind.READ_COUNT),
    (b"\x21", CommandKind.READ_RECORD),
    (ERASE[1:], CommandKind.ERASE),
)


def encode_record_request(index: int) -> bytes:
    return bytes((PREFIX, 0x21)) + index.to_bytes(2, "little")


def encode_clock_setting(device_time: datetime) -> bytes:
    return bytes((PREFIX, 0x20, 0x01)) + reply.encode_time(device_time, _EPOCH)


def decode_command(payload: bytes) -> Command:
    """The meter's side. Raises as `read_command`."""
    return read_command(payload, PREFIXES, _CODES, _EPOCH, MODEL)


def encode_serial_reply(serial_number: str, prefix: int = PREFIX) -> bytes:
    return reply.encode_success(prefix, serial_number.encode("ascii") + b"\0")


def decode_serial_reply(payload: bytes) -> str:
    return reply.read_text(_body(payload, "serial number").rest(), "serial number")


def encode_version_reply(version: str, prefix: int = PREFIX) -> bytes:
    return reply.encode_success(prefix, bytes((len(version),)) + version.encode("ascii") + b"\0")


def decode_version_reply(payload: bytes) -> str:
    """The text is counted, and one or more zeros stand behind it."""
    body = _body(payload, "version")
    version = reply.read_text(body.take(body.u8()), "version")
    if body.rest().strip(b"\0"):
        raise UnexpectedReply("the reply to the version says more than a version")
    return version


def encode_unit_reply(unit: Unit, prefix: int = PREFIX) -> bytes:
    """`unit` of the display: MG_DL or MMOL_L."""
    return reply.encode_success(prefix, reply.encode_unit(unit))


def decode_unit_reply(payload: bytes) -> Unit:
    """The unit of the display. Records are in mg/dL all the same."""
    return reply.read_unit_alone(_body(payload, "unit"))


def encode_clock_reply(device_time: datetime, prefix: int = PREFIX) -> bytes:
    return reply.encode_success(prefix, reply.encode_time(device_time, _EPOCH))


def decode_clock_reply(payload: bytes) -> datetime:
    return reply.read_clock_alone(_body(payload, "clock"), _EPOCH)


def encode_count_reply(records: int, prefix: int = PREFIX) -> bytes:
    return reply.encode_success(prefix, records.to_bytes(2, "little"))


def decode_count_reply(payload: bytes) -> int:
    body = _body(payload, "record count")
    count = body.u16_le()
    reply.close_reply(body, "record count")
    return count


def encode_record_reply(
    device_time: datetime,
    glucose_mg_dl: int,
    meal: Meal | None = None,
    *,
    control_solution: bool = False,
    prefix: int = PREFIX,
) -> bytes:
    """`meal` is None, BEFORE_MEAL or AFTER_MEAL."""
    value = glucose_mg_dl.to_bytes(2, "little")
    marks = bytes((control_solution, _MEALS.index(meal), 0, 0))
    return reply.encode_success(prefix, reply.encode_time(device_time, _EPOCH) + value + marks)


def decode_record_reply(payload: bytes) -> Record:
    """Raises ReservedValue for marks that are not described; the meaning of the last two bytes is not known."""
    body = _body(payload, "record")
    device_time, glucose_mg_dl = reply.read_time(body, _EPOCH), body.u16_le()
    control, meal = body.u8(), body.u8()
    body.take(2)
    reply.close_reply(body, "record")
    if control > 1:
        raise ReservedValue(f"control mark {control:02x} of a record is neither 0 nor 1", offset=8)
    if meal >= len(_MEALS):
        raise ReservedValue(f"meal mark {meal:02x} of a record is not one of 0, 1, 2", offset=9)
    value, flags = reply.RANGE.bound(float(glucose_mg_dl))
    return Record(
        ((Metric.GLUCOSE, value),), device_time, flags=flags, meal=_MEALS[meal], control_solution=bool(control)
    )


def encode_done_reply(prefix: int = PREFIX) -> bytes:
    """To SET_CLOCK and ERASE: nothing but success."""
    return reply.encode_success(prefix)


def encode_refusal(prefix: int = PREFIX) -> bytes:
    return reply.encode_refusal(prefix)


def is_count_reply(payload: bytes) -> bool:
    """Whether `payload` has the form of a count's reply, which no other reply has."""
    try:
        decode_count_reply(payload)
    except (DecodeError, UnexpectedReply):
        return False
    return True


def _body(payload: bytes, asked: str) -> Cursor:
    return reply.open_reply(payload, asked, PREFIX, MODEL)
