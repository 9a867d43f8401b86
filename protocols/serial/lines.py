"""Text lines on a serial line."""

_ENDS = b"\r\n"


class LineSplitter:
    """Cuts a stream at carriage return and line feed, whichever come; empty lines are dropped.

    A line above `longest` bytes is noise: its beginning is forgotten, so that bytes without end are never hoarded.
    """

    def __init__(self, longest: int = 256) -> None:
        self._longest = longest
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends."""
        lines = []
        for byte in data:
            if byte not in _ENDS:
                self._pending.append(byte)
                if len(self._pending) > self._longest:
                    del self._pending[: -self._longest]
            elif self._pending:
                lines.append(bytes(self._pending))
                self._pending.clear()
        return lines

    def clear(self) -> None:
        self._pending.clear()
