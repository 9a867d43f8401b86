"""The socket below the ingester's MQTT client, read and written in large pieces.

paho asks the kernel four times for each packet that comes and once for each that goes. Each of these calls hands the
interpreter to the threads that store, and gets it back when they like: thousands of letters a second would wait there.
"""

import contextlib
import socket

from cloud.mqtt import Letter
from cloud.readings.packets import sort_packets

_PIECE = 1 << 17
_FAREWELL_S = 1.0


class Wire:
    """What paho wants of a socket (its `SocketLike`), for one thread. Between `fill` and `flush` no call is one of the
    kernel's."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._heard = b""
        self._at = 0
        self._ended = False
        self._unsent = bytearray()

    def fill(self) -> None:
        """Takes what came, one piece at most. Raises OSError where the connection is broken."""
        if (piece := self._receive()) is not None:
            self._heard, self._at = self._heard[self._at :] + piece, 0

    def _receive(self) -> bytes | None:
        """None where nothing came, no bytes at the end."""
        try:
            piece = self._connection.recv(_PIECE)
        except BlockingIOError:
            return None
        self._ended = not piece
        return piece

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of what came; none when the other side closed. Raises BlockingIOError."""
        if self._at >= len(self._heard):
            if self._ended:
                return b""
            raise BlockingIOError
        at = self._at
        self._at = at + size
        return self._heard[at : at + size]

    @property
    def unread(self) -> bool:
        """Whether `recv` would give anything, its end included."""
        return self._at < len(self._heard) or self._ended

    def send(self, data: bytes | bytearray) -> int:
        self._unsent += data
        return len(data)

    @property
    def unsent(self) -> int:
        """Bytes."""
        return len(self._unsent)

    def flush(self) -> None:
        """Gives the kernel what it takes of what is unsent. Raises OSError where the connection is broken."""
        while self._unsent:
            try:
                sent = self._connection.send(self._unsent)
            except BlockingIOError:
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """Sends the rest, where the other side still takes it, and closes."""
        with contextlib.suppress(OSError):
            self._connection.settimeout(_FAREWELL_S)
            self._connection.sendall(self._unsent)
        self._unsent.clear()
        self._connection.close()

    def fileno(self) -> int:
        return self._connection.fileno()

    def setblocking(self, flag: bool) -> None:
        self._connection.setblocking(flag)


class LetterWire(Wire):
    """A Wire that keeps the letters for its owner; paho gets each other packet when it has come whole."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        """`number` of the connection, for the letters' places."""
        super().__init__(connection)
        self._number = number
        self._begun = b""
        self._letters: list[Letter] = []
        self._numbers: list[int] = []
        self._place = 1

    def fill(self) -> None:
        """Raises ValueError as well, for what no broker may send."""
        if (piece := self._receive()) is not None:
            came = self._begun + piece
            found = sort_packets(came, self._number, self._place)
            self._begun = came[found.used :]
            self._place += len(found.numbers)
            self._letters += found.letters
            self._numbers += found.numbers
            self._heard, self._at = self._heard[self._at :] + found.others, 0

    def take_letters(self) -> tuple[list[Letter], list[int]]:
        """Those that came and were not taken, and the packet identifiers of those that want an answer."""
        taken = self._letters, self._numbers
        self._letters, self._numbers = [], []
        return taken
