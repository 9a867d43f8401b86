"""Connections by the thousand that never say what they want."""

import socket
import time
from contextlib import suppress
from dataclasses import dataclass

_GARBAGE = (b"", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x00\xff\x01", b"\x10\xff\xff\xff\x7f", bytes(64))


@dataclass(frozen=True)
class Storm:
    made: int
    refused: int
    took_s: float


def storm(port: int, connections: int, held: list[socket.socket]) -> Storm:
    """Opens them as fast as one machine can, says a few bytes of something else on each, and leaves them in `held`."""
    began, refused = time.monotonic(), 0
    for number in range(connections):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            refused += 1
            continue
        held.append(connection)
        with suppress(OSError):
            connection.sendall(_GARBAGE[number % len(_GARBAGE)])
    return Storm(connections - refused, refused, time.monotonic() - began)


def let_go(held: list[socket.socket]) -> None:
    while held:
        held.pop().close()
