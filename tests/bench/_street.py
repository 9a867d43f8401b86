"""The connection that stands for all homes: it sends PUBLISH packets that were made before the clock runs.

Of MQTT it knows only this much, and nothing of it costs more than the broker's work: a client library would be slower
than what is measured. Version 3.1.1, so that each acknowledgement has four bytes (section 3.4).
"""

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

WITHIN_S = 600.0
_PIECE = 64
_WINDOW = 5_000
_AHEAD = 100_000
"""Letters: half of what the broker's queue holds."""
_LOOK_EVERY = 400 * _PIECE
_BYTES_OF_PUBACK = 4
_CONNACK = b"\x20\x02\x00\x00"


def _everything() -> int:
    return sys.maxsize


def encode_publish(place: int, topic: str, payload: bytes) -> bytes:
    """A PUBLISH at QoS 1 (3.3), numbered by its `place` in what is sent."""
    body = _text(topic) + struct.pack(">H", place % 65_535 + 1) + payload
    return b"\x32" + _length(len(body)) + body


class Street:
    """Only what the broker acknowledged may be followed by more."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("mqtt://").split(":")
        self._socket = socket.create_connection((host, int(port)), WITHIN_S)
        body = _text("MQTT") + b"\x04\x02\x00\x00" + _text(f"street-{time.monotonic_ns()}")  # clean session
        self._socket.sendall(b"\x10" + _length(len(body)) + body)
        answer = self._socket.recv(len(_CONNACK), socket.MSG_WAITALL)
        assert answer == _CONNACK, answer
        self._bytes_heard = 0
        self._moved = threading.Condition()
        threading.Thread(target=self._hear, daemon=True).start()

    def send(self, letters: list[bytes], stored: Callable[[], int] = _everything) -> None:
        """All of `letters`; returns when the broker has them. Raises TimeoutError.

        As a gateway does, it does not run ahead of what is receipted: of what `stored` (letters so far) has not seen,
        the broker never has to hold more than it may, since it would drop the rest.
        """
        begun = self._acknowledged()
        for at in range(0, len(letters), _PIECE):
            if at % _LOOK_EVERY == 0 and at > _AHEAD:
                _until(stored, at - _AHEAD)
            self._wait(begun + at + _PIECE - _WINDOW)
            self._socket.sendall(b"".join(letters[at : at + _PIECE]))
        self._wait(begun + len(letters))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _acknowledged(self) -> int:
        return self._bytes_heard // _BYTES_OF_PUBACK

    def _wait(self, until: int) -> None:
        with self._moved:
            if not self._moved.wait_for(lambda: self._acknowledged() >= until, WITHIN_S):
                raise TimeoutError(f"the broker took {self._acknowledged()} of {until} messages")

    def _hear(self) -> None:
        while heard := len(self._recv()):
            with self._moved:
                self._bytes_heard += heard
                self._moved.notify()

    def _recv(self) -> bytes:
        try:
            return self._socket.recv(1 << 16)
        except OSError:  # closed by us
            return b""


def _until(stored: Callable[[], int], many: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while stored() < many:
        if time.monotonic() > deadline:
            raise TimeoutError(f"what was sent is not stored after {WITHIN_S:.0f} s")
        time.sleep(0.1)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _length(length: int) -> bytes:
    """A variable byte integer (2.2.3)."""
    encoded = bytearray()
    while length > 0x7F:
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)
