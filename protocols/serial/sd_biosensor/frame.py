"""The frame of the SD Codefree (glucometer-protocols, sd-biosensor/codefree).

`53 direction length message xor AA`: `length` counts the message, its check value and the closing AA; `xor` is the
exclusive-or of the message's bytes.
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ChecksumMismatch, DecodeError, ReservedValue
from protocols.serial.xor8 import xor8

STX = 0x53
ETX = 0xAA
_TAIL = 2
_HEAD = 3
MAX_MESSAGE = 255 - _TAIL


class Direction(IntEnum):
    TO_HOST = 0x20
    TO_METER = 0x10


@dataclass(frozen=True)
class Frame:
    direction: Direction
    message: bytes


def encode_frame(direction: Direction, message: bytes) -> bytes:
    """Raises ValueError for a message above 253 bytes."""
    if len(message) > MAX_MESSAGE:
        raise ValueError(f"message of {len(message)} bytes, a frame holds {MAX_MESSAGE}")
    return bytes((STX, direction, len(message) + _TAIL)) + message + bytes((xor8(message), ETX))


def decode_frame(data: bytes) -> Frame:
    """`data` as one whole frame and nothing behind it.

    Raises Truncated, ChecksumMismatch, ReservedValue (direction), or DecodeError where the form is not a frame's.
    """
    cursor = Cursor(data)
    if cursor.u8() != STX:
        raise DecodeError(f"a frame begins with {STX:02x}, not {data[0]:02x}", offset=0)
    direction = cursor.u8()
    if direction not in tuple(Direction):
        raise ReservedValue(f"direction {direction:02x} is neither {Direction.TO_HOST:02x} nor 10", offset=1)
    length = cursor.u8()
    if length <= _TAIL:
        raise DecodeError(f"a frame of length {length} has no message", offset=2)
    message = cursor.take(length - _TAIL)
    check = cursor.u8()
    end = cursor.offset
    if cursor.u8() != ETX:
        raise DecodeError(f"a frame ends with {ETX:02x}, not {data[end]:02x}", offset=end)
    if check != xor8(message):
        raise ChecksumMismatch("check value of the frame is wrong", offset=end - 1)
    if cursor.remaining:
        raise DecodeError(f"{cursor.remaining} bytes behind the frame", offset=cursor.offset)
    return Frame(Direction(direction), message)


class FrameSplitter:
    """Cuts a stream of bytes into frames, and finds its way back after noise, such as the zero before a greeting.

    Never holds more than one frame's worth of unfinished bytes.
    """

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        self._pending += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def clear(self) -> None:
        """Drop an unfinished frame: nothing more of it will come."""
        self._pending.clear()

    def _next(self) -> Frame | None:
        while (start := self._pending.find(STX)) >= 0:
            del self._pending[:start]
            if len(self._pending) < _HEAD:
                return None
            size = _HEAD + self._pending[2]
            hopeful = self._pending[1] in tuple(Direction) and self._pending[2] > _TAIL
            if hopeful and len(self._pending) < size:
                return None
            try:
                frame = decode_frame(bytes(self._pending[:size]))
            except DecodeError:
                del self._pending[0]
                continue
            del self._pending[:size]
            return frame
        self._pending.clear()
        return None
