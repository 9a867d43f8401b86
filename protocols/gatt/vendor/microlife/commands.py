"""What a Microlife monitor is asked, and its replies: payloads of frames (see `frame`).

A monitor keeps two memories, one for each user, and hands over that of the user whom its slide switch selects. The
reply to READ_USER says who that is; the names behind it are not read. Times have minutes and no seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from protocols.cursor import Cursor
from protocols.errors import ReservedValue, UnexpectedReply
from protocols.gatt.vendor.pressure_values import pressure_values
from protocols.reading import Flag
from protocols.record import Record
from protocols.serial.never_set import NEVER_SET

MODEL = "Microlife Bluetooth blood pressure monitor"
READ_USER = bytes.fromhex("05")
READ_RECORDS = bytes.fromhex("00000000000000fd")
DISCONNECT = bytes.fromhex("04")
_SET_CLOCK = 0x0D
DONE = bytes.fromhex("81")

RECORDS_OFFSET = 38
RECORD_LENGTH = 10
USERS = (1, 2)
MEMORY_RECORDS = 99
EPOCH_YEAR = 2000
_NAME_LENGTH = 20
_USER_REPLY_LENGTH = 2 + 2 * (1 + _NAME_LENGTH)


class CommandKind(Enum):
    READ_USER = auto()
    READ_RECORDS = auto()
    SET_CLOCK = auto()
    DISCONNECT = auto()


@dataclass(frozen=True)
class Command:
    kind: CommandKind
    device_time: datetime | None = None
    """With SET_CLOCK; naive."""


@dataclass(frozen=True)
class StoredPressure:
    """One record as the monitor keeps it; pressures in mmHg, pulse per minute."""

    at: datetime
    systolic: int
    diastolic: int
    pulse: int


def encode_clock_setting(device_time: datetime) -> bytes:
    """Raises ValueError for a year that the monitor cannot hold."""
    if not EPOCH_YEAR <= device_time.year < EPOCH_YEAR + 100:
        raise ValueError(f"year {device_time.year} is not between {EPOCH_YEAR} and {EPOCH_YEAR + 99}")
    at = device_time
    return bytes((_SET_CLOCK, at.year - EPOCH_YEAR, at.month, at.day, at.hour, at.minute, at.second))


def decode_command(payload: bytes) -> Command:
    """The monitor's side. Raises ReservedValue for a command or a time that it does not know, Truncated."""
    cursor = Cursor(payload)
    for whole, kind in (
        (READ_USER, CommandKind.READ_USER),
        (READ_RECORDS, CommandKind.READ_RECORDS),
        (DISCONNECT, CommandKind.DISCONNECT),
    ):
        if payload == whole:
            return Command(kind)
    if cursor.u8() != _SET_CLOCK:
        raise ReservedValue(f"command {payload[:8].hex(' ')} is not one of a {MODEL}", offset=0)
    year, month, day, hour, minute, second = (cursor.u8() for _ in range(6))
    try:
        at = datetime(EPOCH_YEAR + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone
    except ValueError as error:
        raise ReservedValue(f"clock setting {payload.hex(' ')}: {error}", offset=1) from error
    return Command(CommandKind.SET_CLOCK, at)


def encode_user_reply(user: int) -> bytes:
    """`user` is 1 or 2; the first byte is of unknown meaning and the names are left blank."""
    return bytes((0, user)) + b" " * (_USER_REPLY_LENGTH - 2)


def decode_user_reply(payload: bytes) -> int:
    """The user whose memory is selected, 1 or 2. Raises Truncated, UnexpectedReply."""
    cursor = Cursor(payload)
    cursor.u8()
    user = cursor.u8()
    if user not in USERS:
        raise UnexpectedReply(f"the monitor says that user {user} is selected; it has users 1 and 2")
    return user


def decode_done_reply(payload: bytes) -> None:
    """To the clock's setting. Raises UnexpectedReply where it is another."""
    if payload != DONE:
        raise UnexpectedReply(f"the monitor answers {payload[:8].hex(' ')} where {DONE.hex()} means done")


def encode_records_reply(records: list[StoredPressure]) -> bytes:
    """`records` oldest first; the 38 bytes before them are of unknown meaning and zero here."""
    body = b"".join(
        bytes((r.systolic, r.diastolic, r.pulse, r.at.year - EPOCH_YEAR, r.at.month, r.at.day, r.at.hour, r.at.minute))
        + bytes(2)
        for r in records
    )
    return bytes(RECORDS_OFFSET) + body


def decode_records_reply(payload: bytes, user: int | None) -> list[Record]:
    """Records in the monitor's order, empty slots left out. Raises Truncated.

    The last two bytes of a record are of unknown meaning. Pressures that no body has are not a number,
    a time outside the calendar `NEVER_SET` with a flag.
    """
    cursor = Cursor(payload)
    cursor.take(RECORDS_OFFSET)
    records: list[Record] = []
    while cursor.remaining:
        slot = cursor.take(RECORD_LENGTH)
        if any(slot) and slot != b"\xff" * RECORD_LENGTH:
            records.append(_record(slot, user))
    return records


def _record(slot: bytes, user: int | None) -> Record:
    systolic, diastolic, pulse, year, month, day, hour, minute = slot[:8]
    flags: tuple[Flag, ...] = ()
    try:
        at = datetime(EPOCH_YEAR + year, month, day, hour, minute)  # noqa: DTZ001 - no zone
    except ValueError:
        at, flags = NEVER_SET, (Flag.DEVICE_TIME_FAULT,)
    return Record(pressure_values(systolic, diastolic, pulse), at, user_slot=user, flags=flags)
