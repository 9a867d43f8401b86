"""The one way bytes are read: forward, by field, and never past the end."""

from protocols.errors import Truncated


class Cursor:
    """A position in `data`. Each method reads one field at the position and moves behind it.

    Multi-byte fields carry their byte order in the name. What stands behind the last field is the codec's affair:
    each codec states its policy, with `remaining` or `rest`.
    Raises Truncated, with the offset at which the next byte was expected, where the data ends inside a field.
    """

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self._data = data
        self._offset = offset

    @property
    def offset(self) -> int:
        """Index in the data of the next byte to be read."""
        return self._offset

    @property
    def remaining(self) -> int:
        return max(len(self._data) - self._offset, 0)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.remaining:
            raise Truncated(f"{count} bytes needed, {self.remaining} left", offset=len(self._data))
        taken = self._data[self._offset : self._offset + count]
        self._offset += count
        return taken

    def rest(self) -> bytes:
        """All bytes that are left, perhaps none."""
        return self.take(self.remaining)

    def u8(self) -> int:
        return self.take(1)[0]

    def u16_le(self) -> int:
        return self.uint_le(2)

    def i16_le(self) -> int:
        return self.int_le(2)

    def u24_le(self) -> int:
        return self.uint_le(3)

    def u32_le(self) -> int:
        return self.uint_le(4)

    def u16_be(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def i16_be(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def uint_le(self, length: int) -> int:
        """An unsigned integer of `length` bytes, least significant first."""
        return int.from_bytes(self.take(length), "little")

    def int_le(self, length: int) -> int:
        """A two's-complement integer of `length` bytes, least significant first."""
        return int.from_bytes(self.take(length), "little", signed=True)
