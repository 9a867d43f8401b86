"""The frame of Microlife monitors on service fff0 (joergmlpts/blood-pressure-monitor, bpm_bt.py; derdilla's app).

`4D FF|3A length_hi length_lo payload sum`: FF from the host, 3A from the monitor; the length counts payload and sum;
the sum is the low byte of the sum of all before it. Frames are written in pieces of at most 20 bytes and notified in
pieces of any length.
"""

from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ChecksumMismatch, DecodeError, Truncated

SERVICE = "0000fff0-0000-1000-8000-00805f9b34fb"
NOTIFYING = "0000fff1-0000-1000-8000-00805f9b34fb"
WRITING = "0000fff2-0000-1000-8000-00805f9b34fb"
LONGEST_WRITE = 20

START = 0x4D
HEADER_LENGTH = 4
LONGEST_PAYLOAD = 0x0FFF
"""Far above what a monitor keeps: 38 + 99 records of 10 bytes."""


class Sender(IntEnum):
    HOST = 0xFF
    METER = 0x3A


def encode_frame(sender: Sender, payload: bytes) -> bytes:
    """Raises ValueError for a payload that is empty or too long."""
    if not 0 < len(payload) <= LONGEST_PAYLOAD:
        raise ValueError(f"payload of {len(payload)} bytes is not between 1 and {LONGEST_PAYLOAD}")
    summed = bytes((START, sender)) + (len(payload) + 1).to_bytes(2, "big") + payload
    return summed + bytes((sum(summed) & 0xFF,))


def decode_frame(data: bytes, sender: Sender) -> bytes:
    """The payload of `data`, one whole frame of `sender` and nothing behind it.

    Raises Truncated, ChecksumMismatch, or DecodeError where the form is not a frame's.
    """
    cursor = Cursor(data)
    if cursor.u8() != START:
        raise DecodeError(f"a frame begins with {START:02x}, not {data[0]:02x}", offset=0)
    if cursor.u8() != sender:
        raise DecodeError(f"the frame is marked {data[1]:02x}, not {int(sender):02x}", offset=1)
    length = cursor.u16_be()
    if not 2 <= length <= LONGEST_PAYLOAD + 1:
        raise DecodeError(f"a frame's length is not {length}", offset=2)
    payload = cursor.take(length - 1)
    end = cursor.offset
    if cursor.u8() != sum(data[:end]) & 0xFF:
        raise ChecksumMismatch("sum of the frame is wrong", offset=end)
    if cursor.remaining:
        raise DecodeError(f"{cursor.remaining} bytes behind the frame", offset=cursor.offset)
    return payload


class FrameSplitter:
    """Cuts the bytes of `sender` into payloads, and finds its way back after noise.

    Never holds more than one frame's worth of unfinished bytes.
    """

    def __init__(self, sender: Sender = Sender.METER) -> None:
        self._sender = sender
        self._pending = b""
        self.dropped = 0
        """Bytes that belonged to no frame."""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that `data` completes, in order."""
        self._pending += data
        payloads: list[bytes] = []
        at = 0
        while at < len(self._pending):
            length = HEADER_LENGTH + int.from_bytes(self._pending[at + 2 : at + HEADER_LENGTH], "big")
            try:
                payloads.append(decode_frame(self._pending[at : at + max(length, HEADER_LENGTH)], self._sender))
            except Truncated:
                break  # a frame begins here and its end is still to come
            except DecodeError:
                at += 1
                self.dropped += 1
            else:
                at += length
        self._pending = self._pending[at:]
        return payloads

    def clear(self) -> None:
        """Drop an unfinished frame: nothing more of it will come."""
        self.dropped += len(self._pending)
        self._pending = b""
