"""The binary frame that LifeScan meters share (glucometer-protocols, lifescan/shared-binary-protocol).

`02 length link payload 03 crc_lo crc_hi`: `length` counts the whole frame, the payload has 6 bytes less, the CRC is
CRC-16-CCITT (seed 0xFFFF) over all before it. The meters on a phone jack (UltraEasy) use the link byte; for the
others it is 0.
"""

from dataclasses import dataclass
from enum import IntFlag

from protocols.cursor import Cursor
from protocols.errors import ChecksumMismatch, DecodeError, ReservedValue, Truncated
from protocols.serial.crc16 import crc16_ccitt

STX = 0x02
ETX = 0x03
OVERHEAD = 6
MAX_PAYLOAD = 255 - OVERHEAD
_CRC_LENGTH = 2


class Link(IntFlag):
    """The link byte. SENT and EXPECTED are the last bits of the sender's own counters of frames sent and awaited."""

    SENT = 0x01
    EXPECTED = 0x02
    ACKNOWLEDGE = 0x04
    DISCONNECT = 0x08
    MORE = 0x10
    """The payload goes on in the next frame."""


_RESERVED_LINK_BITS = 0xE0


@dataclass(frozen=True)
class Frame:
    link: Link
    payload: bytes


def encode_frame(link: Link, payload: bytes = b"") -> bytes:
    """Raises ValueError for a payload above 249 bytes."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"payload of {len(payload)} bytes, a frame holds {MAX_PAYLOAD}")
    checked = bytes((STX, len(payload) + OVERHEAD, link)) + payload + bytes((ETX,))
    return checked + crc16_ccitt(checked).to_bytes(_CRC_LENGTH, "little")


def decode_frame(data: bytes) -> Frame:
    """`data` as one whole frame and nothing behind it.

    Raises Truncated, ChecksumMismatch, ReservedValue (link bits), or DecodeError where the form is not a frame's.
    """
    cursor = Cursor(data)
    if cursor.u8() != STX:
        raise DecodeError(f"a frame begins with {STX:02x}, not {data[0]:02x}", offset=0)
    length = cursor.u8()
    if length < OVERHEAD:
        raise DecodeError(f"a frame of {length} bytes is too short", offset=1)
    link = cursor.u8()
    payload = cursor.take(length - OVERHEAD)
    end = cursor.offset
    if cursor.u8() != ETX:
        raise DecodeError(f"a frame's text ends with {ETX:02x}, not {data[end]:02x}", offset=end)
    if cursor.u16_le() != crc16_ccitt(data[: end + 1]):
        raise ChecksumMismatch("CRC of the frame is wrong", offset=end + 1)
    if cursor.remaining:
        raise DecodeError(f"{cursor.remaining} bytes behind the frame", offset=cursor.offset)
    if link & _RESERVED_LINK_BITS:
        raise ReservedValue(f"link byte {link:02x} has reserved bits set", offset=2)
    return Frame(Link(link), payload)


class FrameSplitter:
    """Cuts a stream of bytes into frames, and finds its way back after noise.

    Bytes that belong to no frame are dropped and counted. Never holds more than one frame's worth of unfinished bytes.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self.dropped = 0
        """Bytes thrown away since the beginning."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        self._pending += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def clear(self) -> None:
        """Drop an unfinished frame: nothing more of it will come."""
        self._drop(len(self._pending))

    def _next(self) -> Frame | None:
        """The first place in what is pending at which a whole frame stands, and nothing of what is before it.

        A start byte in noise may announce a frame that never ends; the real one behind it must not wait for that.
        """
        unfinished = False
        start = self._pending.find(STX)
        while start >= 0:
            try:
                length = self._pending[start + 1]
                frame = decode_frame(bytes(self._pending[start : start + max(length, OVERHEAD)]))
            except (IndexError, Truncated):
                if not unfinished:
                    unfinished = True
                    self._drop(start)
                    start = 0
            except DecodeError:
                pass  # not a frame; the next start byte may begin one
            else:
                self._drop(start)
                del self._pending[:length]
                return frame
            start = self._pending.find(STX, start + 1)
        if not unfinished:
            self._drop(len(self._pending))
        return None

    def _drop(self, count: int) -> None:
        del self._pending[:count]
        self.dropped += count
