"""The text block of the GlucoMen Areo (glucometer-protocols, menarini/glucomen-areo).

`[` CR LF, lines, two upper-case hexadecimal digits, `]` CR LF. The digits are the CRC-8/MAXIM of all before them,
from the bracket to the last line's end. The block that means "no readings" was seen without digits.
"""

from protocols.errors import ChecksumMismatch, DecodeError, Truncated
from protocols.serial.crc8 import crc8_maxim

END_OF_LINE = b"\r\n"
START = b"[" + END_OF_LINE
END = b"]" + END_OF_LINE
NO_READINGS = b"\x90="
_CHECK_LENGTH = 2
MAX_BYTES = 1 << 16
"""A memory of 730 readings takes half as much."""


def encode_block(lines: list[bytes]) -> bytes:
    checked = START + b"".join(line + END_OF_LINE for line in lines)
    return checked + f"{crc8_maxim(checked):02X}".encode("ascii") + END_OF_LINE + END


def decode_block(data: bytes) -> list[bytes]:
    """The lines of one whole block and nothing behind it; the line NO_READINGS may stand alone, without digits.

    Raises Truncated, ChecksumMismatch, or DecodeError where the form is not a block's.
    """
    if not START.startswith(data[: len(START)]):
        raise DecodeError("a block begins with [ and a line's end", offset=0)
    end = data.find(END_OF_LINE + END, len(START) - len(END_OF_LINE))
    if end < 0:
        raise Truncated("a block ends with ] and a line's end", offset=len(data))
    behind = end + len(END_OF_LINE) + len(END)
    if behind != len(data):
        raise DecodeError(f"{len(data) - behind} bytes behind the block", offset=behind)
    *lines, check = data[len(START) : end].split(END_OF_LINE)
    if check == NO_READINGS and not lines:
        return [check]
    place = end - len(check)
    if len(check) != _CHECK_LENGTH or check.strip(b"0123456789ABCDEF"):
        raise DecodeError("two hexadecimal digits stand before the end of a block", offset=place)
    if int(check, 16) != crc8_maxim(data[:place]):
        raise ChecksumMismatch("CRC of the block is wrong", offset=place)
    return lines


class BlockSplitter:
    """Cuts a stream of bytes into blocks, each whole but not proven yet, and finds its way back after noise."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The blocks that `data` completes, from bracket to bracket, in order."""
        self._pending += data
        blocks = []
        while (end := self._pending.find(END_OF_LINE + END)) >= 0:
            behind = end + len(END_OF_LINE) + len(END)
            start = self._pending.rfind(START, 0, end + len(END_OF_LINE))
            if start >= 0:
                blocks.append(bytes(self._pending[start:behind]))
            del self._pending[:behind]
        if len(self._pending) > MAX_BYTES:
            del self._pending[:-MAX_BYTES]
        return blocks

    def clear(self) -> None:
        """Drop an unfinished block: nothing more of it will come."""
        self._pending.clear()
