"""The low layer: frames, and the single bytes between them (LIS1-A, once ASTM E1381; as Tidepool's and glucodump's
readers of the meters have it).

`STX number text ETX|ETB C1 C2 CR LF`: the number is one digit and goes 1 to 7, 0, 1 ...; ETB says that the text goes
on in the next frame; C1 C2 are two hexadecimal digits of the low byte of the sum of all from the number to ETX or ETB.
The receiver answers a good frame with ACK and a bad one with NAK, whereupon it is sent again.
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.errors import ChecksumMismatch, DecodeError, Truncated

STX, ETX, ETB, CR, LF = 0x02, 0x03, 0x17, 0x0D, 0x0A
NUMBERS = 8
OVERHEAD = 7
LONGEST_FRAME_BYTES = 1024
"""The standard allows 247; the headers of some meters are longer."""


class Control(IntEnum):
    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15


_CONTROLS = frozenset(Control)


@dataclass(frozen=True)
class Frame:
    number: int
    """0 to 7."""
    text: bytes
    """With the CR that ends a record, where one ends here."""
    last: bool = False
    """ETX, not ETB."""


@dataclass(frozen=True)
class Damaged:
    """Something like a frame, and why it is none."""

    reason: str


Part = Control | Frame | Damaged


def encode_frame(frame: Frame) -> bytes:
    """Raises ValueError for text that a frame cannot hold."""
    if any(byte in (STX, ETX, ETB, LF, *_CONTROLS) for byte in frame.text):
        raise ValueError("text with a control byte of the link cannot be sent")
    summed = b"%d" % (frame.number % NUMBERS) + frame.text + bytes((ETX if frame.last else ETB,))
    return bytes((STX,)) + summed + b"%02X\r\n" % (sum(summed) & 0xFF)


def decode_frame(data: bytes) -> Frame:
    """`data` as one whole frame and nothing behind it.

    Raises Truncated, ChecksumMismatch, or DecodeError where the form is not a frame's.
    """
    if data[:1] not in (b"", bytes((STX,))):
        raise DecodeError(f"a frame begins with {STX:02x}, not {data[0]:02x}", offset=0)
    if data[1:2] and data[1:2] not in b"01234567":
        raise DecodeError(f"frame number {data[1]:02x} is none of the digits 0 to 7", offset=1)
    end = next((place for place, byte in enumerate(data) if byte in (ETX, ETB)), len(data))
    if len(data) < end + OVERHEAD - 2:
        raise Truncated("the frame's end is missing", offset=len(data))
    summed, written = data[1 : end + 1], data[end + 1 : end + 3]
    if written != b"%02X" % (sum(summed) & 0xFF):
        raise ChecksumMismatch("sum of the frame is wrong", offset=end + 1)
    if data[end + 3 : end + 5] != b"\r\n":
        raise DecodeError("a frame ends with CR LF", offset=end + 3)
    if len(data) > end + 5:
        raise DecodeError(f"{len(data) - end - 5} bytes behind the frame", offset=end + 5)
    return Frame(int(data[1:2]), data[2:end], data[end] == ETX)


class LinkSplitter:
    """Cuts a stream into frames and single bytes. What is neither is dropped; a frame that is none is told."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Part]:
        """The parts that `data` completes, in order."""
        parts: list[Part] = []
        for byte in data:
            if byte == STX:
                parts += [Damaged("it breaks off")] if self._pending else []
                self._pending[:] = (STX,)
            elif self._pending:
                self._pending.append(byte)
                parts += self._ended()
            elif byte in _CONTROLS:
                parts.append(Control(byte))
        return parts

    def clear(self) -> None:
        self._pending.clear()

    def _ended(self) -> list[Part]:
        frame = bytes(self._pending)
        if frame[-1] != LF and len(frame) < LONGEST_FRAME_BYTES:
            return []
        self._pending.clear()
        try:
            return [decode_frame(frame)]
        except DecodeError as error:
            return [Damaged(str(error))]
