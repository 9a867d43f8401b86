"""Commands and replies of OneTouch meters over Bluetooth: payloads of LifeScan's frames.

A command is `03 op ...`, a reply `03 06 ...`, or another status for a refusal: 07 not allowed (not paired), 08 not
supported, 09 not understood. Records are asked for by their number, which counts every test of the meter's life and
does not begin anew when the memory is erased. Times are u32 seconds since 2000 of the meter's own clock; glucose is
u16 mg/dL whatever unit the display shows.

All functions take and give the payload of a frame whose link byte is 0. Decoders of replies raise Truncated and
UnexpectedReply. Sources: Tidepool oneTouchVerioBLE.js, xDrip VerioHelper.java.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from protocols.cursor import Cursor
from protocols.errors import ReservedValue, UnexpectedReply
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.lifescan import reply

MODEL = "OneTouch meter with Bluetooth"
PREFIX = 0x03
MEMORY_RECORDS = 500
HIGHEST_NUMBER = 0xFFFF

READ_CLOCK = bytes.fromhex("032002")
READ_LAST_NUMBER = bytes.fromhex("030a0206")
READ_COUNT = bytes.fromhex("032700")
_READ_RECORD = b"\xb3"
_SET_CLOCK = b"\x20\x01"

NOT_ALLOWED, NOT_SUPPORTED, NOT_UNDERSTOOD = 0x07, 0x08, 0x09
_CODE = 0x03

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - the meter's clock has no zone


class CommandKind(Enum):
    READ_CLOCK = auto()
    SET_CLOCK = auto()
    READ_LAST_NUMBER = auto()
    READ_COUNT = auto()
    READ_RECORD = auto()


@dataclass(frozen=True)
class Command:
    kind: CommandKind
    number: int = 0
    """With READ_RECORD."""
    device_time: datetime | None = None
    """With SET_CLOCK; naive."""


_KINDS: tuple[tuple[bytes, CommandKind], ...] = (
    (READ_CLOCK[1:], CommandKind.READ_CLOCK),
    (_SET_CLOCK, CommandKind.SET_CLOCK),
    (READ_LAST_NUMBER[1:], CommandKind.READ_LAST_NUMBER),
    (READ_COUNT[1:], CommandKind.READ_COUNT),
    (_READ_RECORD, CommandKind.READ_RECORD),
)


def encode_record_request(number: int) -> bytes:
    return bytes((PREFIX,)) + _READ_RECORD + number.to_bytes(2, "little")


def encode_clock_setting(device_time: datetime) -> bytes:
    return bytes((PREFIX,)) + _SET_CLOCK + reply.encode_time(device_time, _EPOCH)


def decode_command(payload: bytes) -> Command:
    """The meter's side. Raises ReservedValue for a command that the meter does not know, Truncated for half a one."""
    prefix = Cursor(payload).u8()
    if prefix != PREFIX:
        raise ReservedValue(f"prefix {prefix:02x} is not that of a {MODEL}", offset=0)
    for start, kind in _KINDS:
        if payload[1:].startswith(start):
            cursor = Cursor(payload, offset=1 + len(start))
            if kind is CommandKind.READ_RECORD:
                return Command(kind, number=cursor.u16_le())
            if kind is CommandKind.SET_CLOCK:
                return Command(kind, device_time=reply.read_time(cursor, _EPOCH))
            return Command(kind)
    raise ReservedValue(f"command {payload[:4].hex(' ')} is not one of a {MODEL}", offset=1)


def encode_clock_reply(device_time: datetime) -> bytes:
    return reply.encode_success(PREFIX, reply.encode_time(device_time, _EPOCH))


def decode_clock_reply(payload: bytes) -> datetime:
    body = _body(payload, "clock")
    device_time = reply.read_time(body, _EPOCH)
    reply.close_reply(body, "clock")
    return device_time


def encode_last_number_reply(number: int) -> bytes:
    return reply.encode_success(PREFIX, number.to_bytes(4, "little"))


def decode_last_number_reply(payload: bytes) -> int:
    """Of the newest record; 0 where the meter never measured."""
    body = _body(payload, "last record's number")
    number = body.u32_le()
    reply.close_reply(body, "last record's number")
    return number


def encode_count_reply(records: int) -> bytes:
    return reply.encode_success(PREFIX, records.to_bytes(2, "little"))


def decode_count_reply(payload: bytes) -> int:
    body = _body(payload, "record count")
    count = body.u16_le()
    reply.close_reply(body, "record count")
    return count


def encode_record_reply(device_time: datetime, glucose_mg_dl: int, *, control_solution: bool = False) -> bytes:
    value = glucose_mg_dl.to_bytes(2, "little")
    return reply.encode_success(
        PREFIX, reply.encode_time(device_time, _EPOCH) + value + bytes((control_solution,)) + bytes(4)
    )


def decode_record_reply(payload: bytes, number: int) -> Record:
    """The record that was asked for by `number`. A value of 0 is no reading (as Tidepool takes it): no values.

    The last four bytes are not interpreted: the sources do not agree on them (a meal, an error, a mentor's mark).
    """
    body = _body(payload, "record")
    device_time, glucose_mg_dl, control = reply.read_time(body, _EPOCH), body.u16_le(), body.u8()
    body.take(4)
    reply.close_reply(body, "record")
    if control > 1:
        raise ReservedValue(f"control mark {control:02x} of a record is neither 0 nor 1", offset=8)
    value, flags = reply.RANGE.bound(float(glucose_mg_dl))
    return Record(
        ((Metric.GLUCOSE, value),) if glucose_mg_dl else (),
        device_time,
        sequence=number & HIGHEST_NUMBER,
        flags=flags if glucose_mg_dl else (),
        control_solution=bool(control),
    )


def encode_done_reply() -> bytes:
    """To SET_CLOCK: nothing but success."""
    return reply.encode_success(PREFIX)


def decode_done_reply(payload: bytes) -> None:
    reply.close_reply(_body(payload, "clock's setting"), "clock's setting")


def encode_refusal(status: int) -> bytes:
    return bytes((PREFIX, status, _CODE))


def is_refusal_of_a_record(payload: bytes) -> bool:
    """Whether `payload` says that there is no such record, and not that the meter may not be asked."""
    return payload[:2] in (bytes((PREFIX, NOT_SUPPORTED)), bytes((PREFIX, NOT_UNDERSTOOD)))


def _body(payload: bytes, asked: str) -> Cursor:
    if payload[:2] == bytes((PREFIX, NOT_ALLOWED)):
        raise UnexpectedReply(f"the meter does not tell its {asked} to this gateway; pair it again")
    return reply.open_reply(payload, asked, PREFIX, MODEL)
