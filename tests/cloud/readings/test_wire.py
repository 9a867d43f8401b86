"""The socket in large pieces, against a socket pair of the kernel."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cloud.readings.wire import Wire


@dataclass
class Line:
    wire: Wire
    far: socket.socket


@pytest.fixture
def line() -> Iterator[Line]:
    near, far = socket.socketpair()
    near.setblocking(False)
    far.settimeout(5)
    with near, far:
        yield Line(Wire(near), far)


def test_what_came_is_given_in_the_sizes_asked_for(line: Line) -> None:
    line.far.sendall(b"abcdef")
    line.wire.fill()
    assert [line.wire.recv(1), line.wire.recv(3), line.wire.recv(9)] == [b"a", b"bcd", b"ef"]
    with pytest.raises(BlockingIOError):
        line.wire.recv(1)


def test_the_kernel_is_asked_by_fill_only(line: Line) -> None:
    line.far.sendall(b"abc")
    with pytest.raises(BlockingIOError):
        line.wire.recv(1)
    assert not line.wire.unread
    line.wire.fill()
    assert line.wire.unread


def test_a_rest_stands_before_what_comes_next(line: Line) -> None:
    line.far.sendall(b"abc")
    line.wire.fill()
    line.wire.recv(1)
    line.far.sendall(b"de")
    line.wire.fill()
    line.wire.fill()  # nothing came: nothing changes
    assert line.wire.recv(10) == b"bcde"


def test_the_end_is_told_after_what_came_before_it(line: Line) -> None:
    line.far.sendall(b"ab")
    line.far.close()
    line.wire.fill()
    line.wire.fill()
    assert line.wire.recv(10) == b"ab"
    assert line.wire.unread
    assert line.wire.recv(10) == b""


def test_what_is_sent_goes_out_by_flush_in_its_order(line: Line) -> None:
    assert line.wire.send(b"abc") == 3
    assert line.wire.send(bytearray(b"de")) == 2
    assert line.wire.unsent == 5
    line.wire.flush()
    assert line.wire.unsent == 0
    assert line.far.recv(10) == b"abcde"


def test_what_the_kernel_does_not_take_waits(line: Line) -> None:
    all_of_it = bytes(range(256)) * 20_000
    line.wire.send(all_of_it)
    line.wire.flush()
    assert 0 < line.wire.unsent < len(all_of_it)
    heard = b""
    while len(heard) < len(all_of_it):
        heard += line.far.recv(1 << 20)
        line.wire.flush()
    assert heard == all_of_it


def test_closing_sends_the_rest(line: Line) -> None:
    line.wire.send(b"farewell")
    line.wire.close()
    assert line.far.recv(20) == b"farewell"
    assert line.far.recv(20) == b""


def test_closing_a_broken_connection_is_quiet(line: Line) -> None:
    line.wire.send(b"farewell")
    line.far.close()
    line.wire.close()
    assert line.wire.unsent == 0
