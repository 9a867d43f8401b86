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
from datetime import datetime

from protocols.cursor import Cursor
from protocols.errors import UnexpectedReply
from protocols.reading import Metric, Unit
from protocols.record import Record
from protocols.serial.lifescan import reply
from protocols.serial.lifescan.command import Codes, Command, CommandKind, read_command

MODEL = "OneTouch UltraEasy"
PREFIX = 0x05
MEMORY_RECORDS = 500
COUNT_INDEX = 501

READ_SERIAL = bytes.fromhex("050b0200000000846ae87300")
READ_VERSION = bytes.fromhex("050d02")
READ_UNIT = bytes.fromhex("0509020900000000")
READ_CLOCK = bytes.fromhex("05200200000000")
ERASE = bytes.fromhex("051a")

_NO_SUCH_RECORD = 0x0F
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the meter's clock has no zone
_VERSION = re.compile(r"[A-Z]\d\d\.\d\d\.\d\d ?\d\d/\d\d/\d\d")  # number and date of the software


_CODES: Codes = (
    (READ_SERIAL[1:3], CommandKind.READ_SERIAL),
    (READ_VERSION[1:], CommandKind.READ_VERSION),
    (READ_UNIT[1:4], CommandKind.READ_UNIT),
    (READ_CLOCK[1:3], CommandKind.READ_CLOCK),
    (b"\x20\x01", CommandKind.SET_CLOCK),
    (b"\x1f", CommandKind.READ_RECORD),
    (ERASE[1:], CommandKind.ERASE),
)


def encode_record_request(index: int) -> bytes:
    return b"\x05\x1f" + index.to_bytes(2, "little")


def encode_clock_setting(device_time: datetime) -> bytes:
    return b"\x05\x20\x01" + reply.encode_time(device_time, _EPOCH)


def decode_command(payload: bytes) -> Command:
    """The meter's side; index 0 is the newest record. Raises as `read_command`."""
    return read_command(payload, (PREFIX,), _CODES, _EPOCH, MODEL)


def encode_serial_reply(serial_number: str) -> bytes:
    return reply.encode_success(PREFIX, serial_number.encode("ascii"))


def decode_serial_reply(payload: bytes) -> str:
    return reply.read_text(_body(payload, "serial number").rest(), "serial number")


def encode_version_reply(version: str) -> bytes:
    """`version` is number and date in one, as in `P02.00.0025/05/07`."""
    return reply.encode_success(PREFIX, bytes((len(version),)) + version.encode("ascii"))


def decode_version_reply(payload: bytes) -> str:
    """The meter has no other name for its model: a version of another form is another meter."""
    body = _body(payload, "version")
    version = reply.read_text(body.take(body.u8()), "version")
    reply.close_reply(body, "version")
    if not _VERSION.fullmatch(version):
        raise UnexpectedReply(f"version {version!r} is not that of a {MODEL}, which looks like P02.00.0025/05/07")
    return version


def encode_unit_reply(unit: Unit) -> bytes:
    """`unit` of the display: MG_DL or MMOL_L."""
    return reply.encode_success(PREFIX, reply.encode_unit(unit))


def decode_unit_reply(payload: bytes) -> Unit:
    """The unit of the display. Records are in mg/dL all the same."""
    return reply.read_unit_alone(_body(payload, "unit"))


def encode_clock_reply(device_time: datetime) -> bytes:
    return reply.encode_success(PREFIX, reply.encode_time(device_time, _EPOCH))


def decode_clock_reply(payload: bytes) -> datetime:
    return reply.read_clock_alone(_body(payload, "clock"), _EPOCH)


def encode_count_reply(records: int) -> bytes:
    return bytes((PREFIX, _NO_SUCH_RECORD)) + records.to_bytes(2, "little")


def decode_count_reply(payload: bytes) -> int:
    body = _body(payload, "record count", status=_NO_SUCH_RECORD)
    count = body.u16_le()
    reply.close_reply(body, "record count")
    if count > MEMORY_RECORDS:
        raise UnexpectedReply(f"the meter counts {count} records; its memory holds {MEMORY_RECORDS}")
    return count


def encode_record_reply(device_time: datetime, glucose_mg_dl: int) -> bytes:
    return reply.encode_success(PREFIX, reply.encode_time(device_time, _EPOCH) + glucose_mg_dl.to_bytes(4, "little"))


def decode_record_reply(payload: bytes) -> Record:
    body = _body(payload, "record")
    device_time, glucose_mg_dl = reply.read_time(body, _EPOCH), body.u32_le()
    reply.close_reply(body, "record")
    value, flags = reply.RANGE.bound(float(glucose_mg_dl))
    return Record(((Metric.GLUCOSE, value),), device_time, flags=flags)


def encode_done_reply() -> bytes:
    """To ERASE: nothing but success."""
    return reply.encode_success(PREFIX)


def encode_refusal() -> bytes:
    return reply.encode_refusal(PREFIX)


def _body(payload: bytes, asked: str, status: int = reply.SUCCESS) -> Cursor:
    return reply.open_reply(payload, asked, PREFIX, MODEL, status)
