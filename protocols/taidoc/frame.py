"""The frame that all TaiDoc meters speak (glucometer-protocols, taidoc/td42xx).

`51 command d0 d1 d2 d3 sender sum`: 8 bytes always; `sender` is A3 for the host and A5 for the meter; `sum` is the
low byte of the sum of the seven before it. The same frames go over a cable (19200 8N1) and over the characteristic
00001524-1212-efde-1523-785feabcd123 of the Bluetooth service 00001523-...
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ChecksumMismatch, DecodeError, Truncated

START = 0x51
FRAME_LENGTH = 8
DATA_LENGTH = 4
NO_DATA = bytes(DATA_LENGTH)


class Sender(IntEnum):
    HOST = 0xA3
    METER = 0xA5


@dataclass(frozen=True)
class Frame:
    sender: Sender
    command: int
    data: bytes = NO_DATA
    """4 bytes."""


def encode_frame(frame: Frame) -> bytes:
    """Raises ValueError for data of another length than 4."""
    if len(frame.data) != DATA_LENGTH:
        raise ValueError(f"{len(frame.data)} bytes of data, a frame holds {DATA_LENGTH}")
    summed = bytes((START, frame.command)) + frame.data + bytes((frame.sender,))
    return summed + bytes((sum(summed) & 0xFF,))


def decode_frame(data: bytes) -> Frame:
    """`data` as one whole frame and nothing behind it.

    Raises Truncated, ChecksumMismatch, or DecodeError where the form is not a frame's.
    """
    cursor = Cursor(data)
    if cursor.u8() != START:
        raise DecodeError(f"a frame begins with {START:02x}, not {data[0]:02x}", offset=0)
    command, message, sender = cursor.u8(), cursor.take(DATA_LENGTH), cursor.u8()
    if sender not in (Sender.HOST, Sender.METER):
        raise DecodeError(f"sender {sender:02x} is neither a3 (host) nor a5 (meter)", offset=6)
    if cursor.u8() != sum(data[:7]) & 0xFF:
        raise ChecksumMismatch("sum of the frame is wrong", offset=7)
    if cursor.remaining:
        raise DecodeError(f"{cursor.remaining} bytes behind the frame", offset=cursor.offset)
    return Frame(Sender(sender), command, message)


class FrameSplitter:
    """Cuts a stream of bytes into frames, and finds its way back after noise. Holds less than one frame."""

    def __init__(self) -> None:
        self._pending = b""
        self.dropped = 0
        """Bytes that belonged to no frame."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        self._pending += data
        frames: list[Frame] = []
        at = 0
        while at < len(self._pending):
            try:
                frames.append(decode_frame(self._pending[at : at + FRAME_LENGTH]))
            except Truncated:
                break  # a frame begins here and its end is still to come
            except DecodeError:
                at += 1
                self.dropped += 1
            else:
                at += FRAME_LENGTH
        self._pending = self._pending[at:]
        return frames

    def clear(self) -> None:
        """Drop an unfinished frame: nothing more of it will come."""
        self.dropped += len(self._pending)
        self._pending = b""
