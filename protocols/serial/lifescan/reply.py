"""The payload of a LifeScan reply: prefix of the command family, status, data.

Payloads are exact: bytes behind the last field of a reply mean that it is not the reply one thinks it is.
"""

from datetime import datetime, timedelta

from protocols.cursor import Cursor
from protocols.errors import UnexpectedReply
from protocols.reading import Unit
from protocols.serial.glucose_range import GlucoseRange

SUCCESS = 0x06
REFUSAL = 0x09

RANGE = GlucoseRange(lowest_mg_dl=20, highest_mg_dl=600)
"""Beyond it OneTouch meters show LO and HI (Tidepool's drivers of UltraEasy, Ultra2 and Verio IQ agree)."""

_UNITS = (Unit.MG_DL, Unit.MMOL_L)


def encode_success(prefix: int, body: bytes = b"") -> bytes:
    return bytes((prefix, SUCCESS)) + body


def encode_refusal(prefix: int) -> bytes:
    return bytes((prefix, REFUSAL))


def open_reply(payload: bytes, asked: str, prefix: int, model: str, status: int = SUCCESS) -> Cursor:
    """A position behind prefix and status. Raises UnexpectedReply where they are others', Truncated."""
    cursor = Cursor(payload)
    found = cursor.u8()
    if found != prefix:
        raise UnexpectedReply(f"asked for the {asked}, the meter speaks with prefix {found:02x}: not a {model}")
    found = cursor.u8()
    if found != status:
        raise UnexpectedReply(f"asked for the {asked}, the meter answers with status {found:02x}, not {status:02x}")
    return cursor


def close_reply(cursor: Cursor, asked: str) -> None:
    """Raises UnexpectedReply where something is left."""
    if cursor.remaining:
        raise UnexpectedReply(f"the reply to the {asked} has {cursor.remaining} bytes too many")


def read_text(data: bytes, asked: str) -> str:
    """ASCII without what pads it. Raises UnexpectedReply where it is none."""
    text = data.decode("ascii", errors="replace").rstrip("\0 ")
    if not text.isascii() or not text.isprintable() or not text:
        raise UnexpectedReply(f"the meter's {asked} is not text: {data[:32].hex(' ')}")
    return text


def encode_time(device_time: datetime, epoch: datetime) -> bytes:
    """u32 seconds since `epoch`, least significant byte first."""
    return ((device_time - epoch) // timedelta(seconds=1)).to_bytes(4, "little")


def read_time(cursor: Cursor, epoch: datetime) -> datetime:
    return epoch + timedelta(seconds=cursor.u32_le())


def encode_unit(unit: Unit) -> bytes:
    """MG_DL or MMOL_L, as u32."""
    return _UNITS.index(unit).to_bytes(4, "little")


def read_unit(cursor: Cursor) -> Unit:
    """Of the display. Records are in mg/dL all the same."""
    code = cursor.u8()
    cursor.take(3)
    if code >= len(_UNITS):
        raise UnexpectedReply(f"the meter's unit is {code}; expected 0 (mg/dL) or 1 (mmol/L)")
    return _UNITS[code]


def read_unit_alone(body: Cursor) -> Unit:
    """All that the reply to the unit holds. Raises UnexpectedReply, Truncated."""
    unit = read_unit(body)
    close_reply(body, "unit")
    return unit


def read_clock_alone(body: Cursor, epoch: datetime) -> datetime:
    """All that the reply to the clock holds. Raises UnexpectedReply, Truncated."""
    device_time = read_time(body, epoch)
    close_reply(body, "clock")
    return device_time
