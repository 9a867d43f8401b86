"""What a TaiDoc meter is asked and how its answers are laid out: the 4 data bytes of a frame, all little-endian.

A reply repeats the command. Only CONNECT is answered by one of three, and ENTERED_COMMUNICATION is also said unasked;
it answers nothing. Index 0 is the newest record, so an index names another record as soon as the person measures
again. A time has minutes and no seconds: u16 day (bits 0-4), month (5-8), year since 2000 (9-15), then minute (low 6
bits), hour (low 5 bits); what the bits above mean is not known, and they are left out as Tidepool's GlucoRx driver
does.
"""

from datetime import datetime
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ReservedValue, UnexpectedReply
from protocols.taidoc.frame import DATA_LENGTH

EPOCH_YEAR = 2000
LAST_YEAR = 2127


class Command(IntEnum):
    CONNECT = 0x22
    READ_CLOCK = 0x23
    READ_MODEL = 0x24
    READ_RECORD_TIME = 0x25
    READ_RECORD_VALUE = 0x26
    READ_SERIAL_LOW = 0x27
    READ_SERIAL_HIGH = 0x28
    READ_COUNT = 0x2B
    SET_CLOCK = 0x33
    POWER_OFF = 0x50
    CLEAR_MEMORY = 0x52
    ENTERED_COMMUNICATION = 0x54


CONNECT_REPLIES = (Command.CONNECT, Command.READ_MODEL, Command.ENTERED_COMMUNICATION)


def encode_index(index: int) -> bytes:
    return index.to_bytes(2, "little") + bytes(2)


def decode_index(data: bytes) -> int:
    return Cursor(data).u16_le()


def encode_count(records: int) -> bytes:
    """The second half is of unknown meaning, and FFFF in a meter without records."""
    return records.to_bytes(2, "little") + (bytes(2) if records else b"\xff\xff")


def decode_count(data: bytes) -> int:
    return Cursor(data).u16_le()


def encode_model(model: str) -> bytes:
    """`model` is four digits, like `4277`."""
    return bytes.fromhex(model)[::-1] + bytes(2)


def decode_model(data: bytes) -> str:
    """Four decimal digits. Raises Truncated, ReservedValue where they are none."""
    digits = f"{Cursor(data).u16_le():04x}"
    if not digits.isdecimal():
        raise ReservedValue(f"model {digits} is not a decimal number", offset=0)
    return digits


def encode_serial_halves(serial_number: str) -> tuple[bytes, bytes]:
    """Of 16 hexadecimal digits: the data for READ_SERIAL_LOW and for READ_SERIAL_HIGH."""
    number = bytes.fromhex(serial_number)[::-1]
    return number[:DATA_LENGTH], number[DATA_LENGTH:]


def decode_serial(low: bytes, high: bytes) -> str:
    """16 hexadecimal digits, the order in which Tidepool writes them."""
    return (Cursor(low).take(DATA_LENGTH) + Cursor(high).take(DATA_LENGTH))[::-1].hex().upper()


def encode_time(device_time: datetime) -> bytes:
    """Seconds are lost. Raises ValueError for a year that the meter cannot hold."""
    if not EPOCH_YEAR <= device_time.year <= LAST_YEAR:
        raise ValueError(f"year {device_time.year} is not between {EPOCH_YEAR} and {LAST_YEAR}")
    day = device_time.day | device_time.month << 5 | (device_time.year - EPOCH_YEAR) << 9
    return day.to_bytes(2, "little") + bytes((device_time.minute, device_time.hour))


def decode_time(data: bytes) -> datetime:
    """Naive. Raises Truncated, ReservedValue where it is no time of a calendar (a clock that was never set)."""
    cursor = Cursor(data)
    day = cursor.u16_le()
    minute, hour = cursor.u8() & 0x3F, cursor.u8() & 0x1F
    try:
        return datetime(EPOCH_YEAR + (day >> 9), day >> 5 & 0x0F, day & 0x1F, hour, minute)  # noqa: DTZ001 - no zone
    except ValueError as error:
        raise ReservedValue(f"time {data[:DATA_LENGTH].hex(' ')}: {error}", offset=0) from error


def refuse_other_reply(asked: Command, replied: int) -> UnexpectedReply:
    return UnexpectedReply(f"asked with {asked:02x} ({asked.name}), the meter answers {replied:02x}")
