"""Commands and replies of the LifeScan OneTouch UltraEasy and UltraMini (one meter, two names).

A command is `05 op ...`. A reply is `05 06 ...` when all is well, `05 09` for a refusal, and `05 0F count` to a
record index beyond the memory: asking for index 501 is how the number of records is learnt. Index 0 is the newest
record, so an index names another record as soon as the person measures again. Times are u32 seconds since 1970 of
the meter's own clock; glucose is u32 mg/dL whatever unit the display shows. The protocol knows no mark for control
solution: such a record looks like any other.

All functions take and give the payload of a frame (see `frame`). Payloads are exact: bytes behind the last field of
a reply mean that it is not the reply one thinks it is. Decoders of replies raise Truncated and UnexpectedReply.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from protocols.cursor import Cursor
from protocols.errors import ReservedValue, UnexpectedReply
from protocols.reading import Flag, Metric, Unit
from protocols.record import Record

MODEL = "OneTouch UltraEasy"
PREFIX = 0x05
MEMORY_RECORDS = 500
COUNT_INDEX = 501
HIGHEST_MG_DL = 600
"""Above it the display shows HI; the record is then flagged, and this bound recorded."""
LOWEST_MG_DL = 20
"""Below it the display shows LO."""

READ_SERIAL = bytes.fromhex("050b0200000000846ae87300")
READ_VERSION = bytes.fromhex("050d02")
READ_UNIT = bytes.fromhex("0509020900000000")
READ_CLOCK = bytes.fromhex("05200200000000")
ERASE = bytes.fromhex("051a")

_SUCCESS, _REFUSAL, _NO_SUCH_RECORD = 0x06, 0x09, 0x0F
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the meter's clock has no zone
_UNITS = (Unit.MG_DL, Unit.MMOL_L)
_VERSION = re.compile(r"[A-Z]\d\d\.\d\d\.\d\d ?\d\d/\d\d/\d\d")  # number and date of the software


class CommandKind(Enum):
    READ_SERIAL = auto()
    READ_VERSION = auto()
    READ_UNIT = auto()
    READ_CLOCK = auto()
    SET_CLOCK = auto()
    READ_RECORD = auto()
    ERASE = auto()


@dataclass(frozen=True)
class Command:
    """What a meter is asked."""

    kind: CommandKind
    index: int = 0
    """With READ_RECORD: 0 is the newest."""
    device_time: datetime | None = None
    """With SET_CLOCK; naive."""


_KINDS: tuple[tuple[bytes, CommandKind], ...] = (
    (READ_SERIAL[:3], CommandKind.READ_SERIAL),
    (READ_VERSION, CommandKind.READ_VERSION),
    (READ_UNIT[:4], CommandKind.READ_UNIT),
    (READ_CLOCK[:3], CommandKind.READ_CLOCK),
    (b"\x05\x20\x01", CommandKind.SET_CLOCK),
    (b"\x05\x1f", CommandKind.READ_RECORD),
    (ERASE, CommandKind.ERASE),
)


def encode_record_request(index: int) -> bytes:
    return b"\x05\x1f" + index.to_bytes(2, "little")


def encode_clock_setting(device_time: datetime) -> bytes:
    return b"\x05\x20\x01" + _encode_time(device_time)


def decode_command(payload: bytes) -> Command:
    """The meter's side. Raises ReservedValue for a command that the meter does not know, Truncated for half a one."""
    for start, kind in _KINDS:
        if payload.startswith(start):
            cursor = Cursor(payload, offset=len(start))
            if kind is CommandKind.READ_RECORD:
                return Command(kind, index=cursor.u16_le())
            if kind is CommandKind.SET_CLOCK:
                return Command(kind, device_time=_read_time(cursor))
            return Command(kind)
    raise ReservedValue(f"command {payload[:4].hex(' ')} is not one of an UltraEasy", offset=0)


def encode_serial_reply(serial_number: str) -> bytes:
    return _success(serial_number.encode("ascii"))


def decode_serial_reply(payload: bytes) -> str:
    return _text(_body(payload, "serial number").rest(), "serial number")


def encode_version_reply(version: str) -> bytes:
    """`version` is number and date in one, as in `P02.00.0025/05/07`."""
    return _success(bytes((len(version),)) + version.encode("ascii"))


def decode_version_reply(payload: bytes) -> str:
    """The meter has no other name for its model: a version of another form is another meter."""
    body = _body(payload, "version")
    version = _text(body.take(body.u8()), "version")
    _end(body, "version")
    if not _VERSION.fullmatch(version):
        raise UnexpectedReply(f"version {version!r} is not that of a {MODEL}, which looks like P02.00.0025/05/07")
    return version


def encode_unit_reply(unit: Unit) -> bytes:
    """`unit` of the display: MG_DL or MMOL_L."""
    return _success(_UNITS.index(unit).to_bytes(4, "little"))


def decode_unit_reply(payload: bytes) -> Unit:
    """The unit of the display. Records are in mg/dL all the same."""
    body = _body(payload, "unit")
    code = body.u8()
    body.take(3)
    _end(body, "unit")
    if code >= len(_UNITS):
        raise UnexpectedReply(f"the meter's unit is {code}; expected 0 (mg/dL) or 1 (mmol/L)")
    return _UNITS[code]


def encode_clock_reply(device_time: datetime) -> bytes:
    return _success(_encode_time(device_time))


def decode_clock_reply(payload: bytes) -> datetime:
    body = _body(payload, "clock")
    device_time = _read_time(body)
    _end(body, "clock")
    return device_time


def encode_count_reply(records: int) -> bytes:
    return bytes((PREFIX, _NO_SUCH_RECORD)) + records.to_bytes(2, "little")


def decode_count_reply(payload: bytes) -> int:
    body = _body(payload, "record count", status=_NO_SUCH_RECORD)
    count = body.u16_le()
    _end(body, "record count")
    if count > MEMORY_RECORDS:
        raise UnexpectedReply(f"the meter counts {count} records; its memory holds {MEMORY_RECORDS}")
    return count


def encode_record_reply(device_time: datetime, glucose_mg_dl: int) -> bytes:
    return _success(_encode_time(device_time) + glucose_mg_dl.to_bytes(4, "little"))


def decode_record_reply(payload: bytes) -> Record:
    body = _body(payload, "record")
    device_time, glucose_mg_dl = _read_time(body), body.u32_le()
    _end(body, "record")
    flags: tuple[Flag, ...] = ()
    if glucose_mg_dl > HIGHEST_MG_DL:
        glucose_mg_dl, flags = HIGHEST_MG_DL, (Flag.ABOVE_RANGE,)
    elif glucose_mg_dl < LOWEST_MG_DL:
        glucose_mg_dl, flags = LOWEST_MG_DL, (Flag.BELOW_RANGE,)
    return Record(((Metric.GLUCOSE, float(glucose_mg_dl)),), device_time, flags=flags)


def encode_done_reply() -> bytes:
    """To ERASE: nothing but success."""
    return _success(b"")


def encode_refusal() -> bytes:
    return bytes((PREFIX, _REFUSAL))


def _success(body: bytes) -> bytes:
    return bytes((PREFIX, _SUCCESS)) + body


def _body(payload: bytes, asked: str, status: int = _SUCCESS) -> Cursor:
    cursor = Cursor(payload)
    prefix = cursor.u8()
    if prefix != PREFIX:
        raise UnexpectedReply(f"asked for the {asked}, the meter speaks with prefix {prefix:02x}: not a {MODEL}")
    found = cursor.u8()
    if found != status:
        raise UnexpectedReply(f"asked for the {asked}, the meter answers with status {found:02x}, not {status:02x}")
    return cursor


def _end(cursor: Cursor, asked: str) -> None:
    if cursor.remaining:
        raise UnexpectedReply(f"the reply to the {asked} has {cursor.remaining} bytes too many")


def _text(data: bytes, asked: str) -> str:
    text = data.decode("ascii", errors="replace").rstrip("\0 ")
    if not text.isascii() or not text.isprintable() or not text:
        raise UnexpectedReply(f"the meter's {asked} is not text: {data[:32].hex(' ')}")
    return text


def _encode_time(device_time: datetime) -> bytes:
    return ((device_time - _EPOCH) // timedelta(seconds=1)).to_bytes(4, "little")


def _read_time(cursor: Cursor) -> datetime:
    return _EPOCH + timedelta(seconds=cursor.u32_le())
