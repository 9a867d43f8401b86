"""What a OneTouch meter on a cable is asked: prefix of the command family, operation, fields.

The models share the operations' meaning; their codes, and the year from which they count, are each model's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from protocols.cursor import Cursor
from protocols.errors import ReservedValue
from protocols.serial.lifescan import reply


class CommandKind(Enum):
    READ_SERIAL = auto()
    READ_VERSION = auto()
    READ_UNIT = auto()
    READ_CLOCK = auto()
    SET_CLOCK = auto()
    READ_COUNT = auto()
    READ_RECORD = auto()
    ERASE = auto()


@dataclass(frozen=True)
class Command:
    """What a meter is asked."""

    kind: CommandKind
    prefix: int
    index: int = 0
    """With READ_RECORD."""
    device_time: datetime | None = None
    """With SET_CLOCK; naive."""


Codes = Sequence[tuple[bytes, CommandKind]]
"""What stands behind the prefix, up to the fields."""


def read_command(payload: bytes, prefixes: Sequence[int], codes: Codes, epoch: datetime, model: str) -> Command:
    """Raises ReservedValue for a command that the meter does not know, Truncated for half a one."""
    prefix = Cursor(payload).u8()
    if prefix not in prefixes:
        raise ReservedValue(f"prefix {prefix:02x} is not one of a {model}", offset=0)
    for code, kind in codes:
        if payload[1:].startswith(code):
            cursor = Cursor(payload, offset=1 + len(code))
            if kind is CommandKind.READ_RECORD:
                return Command(kind, prefix, index=cursor.u16_le())
            if kind is CommandKind.SET_CLOCK:
                return Command(kind, prefix, device_time=reply.read_time(cursor, epoch))
            return Command(kind, prefix)
    raise ReservedValue(f"command {payload[:4].hex(' ')} is not one of a {model}", offset=1)
