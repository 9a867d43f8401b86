"""Battery Level (0x2A19): one byte, percent."""

from protocols.cursor import Cursor
from protocols.errors import ReservedValue


def decode_battery_level(data: bytes) -> int:
    """Percent, 0 to 100. Raises Truncated when empty, ReservedValue above 100."""
    percent = Cursor(data).u8()
    if percent > 100:
        raise ReservedValue(f"battery level {percent} % is above 100", offset=0)
    return percent


def encode_battery_level(percent: int) -> bytes:
    """Raises ValueError outside 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"battery level {percent} % is not between 0 and 100")
    return bytes((percent,))
