"""The line that the trial breaks: each condition does to real TCP connections what it says."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.system.chaos.proxy import Proxy

PATIENCE_S = 5.0


class Echo:
    """A server that says back what it hears."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", int(self._listener.getsockname()[1]))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    @staticmethod
    def _answer(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
            except OSError:
                return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    echo = Echo()
    proxy = Proxy(lambda: echo.address)
    yield proxy
    proxy.close()
    echo.close()


def connect(proxy: Proxy) -> socket.socket:
    connection = socket.create_connection(proxy.address, timeout=PATIENCE_S)
    connection.sendall(b"hello")
    return connection


def hears(connection: socket.socket, data: bytes) -> bool:
    heard = b""
    while len(heard) < len(data):
        heard += connection.recv(65536)
    return heard == data


def is_refused(proxy: Proxy) -> bool:
    """Whether a new connection is reset, or closed without a word."""
    try:
        with connect(proxy) as connection:
            return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_the_plain_line_carries_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")


def test_a_cut_resets_what_stands_and_takes_nobody_until_it_is_over(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")
        proxy.change(cut=True)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert is_refused(proxy)
    proxy.change(cut=False)
    with connect(proxy) as connection:
        assert hears(connection, b"hello")


def test_a_stalled_line_moves_on_afterwards_and_loses_nothing(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")
        proxy.change(stalled=True)
        connection.settimeout(0.3)
        connection.sendall(b"x" * 10_000)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(PATIENCE_S)
        proxy.change(stalled=False)
        assert hears(connection, b"x" * 10_000)


def test_a_half_open_line_says_nothing_and_stays_dead(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")
        proxy.change(half_open=True)
        proxy.change(half_open=False)
        connection.settimeout(0.3)
        connection.sendall(b"is anybody there")
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with connect(proxy) as another:
        assert hears(another, b"hello")


def test_a_late_line_keeps_the_order(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")
        proxy.change(delay_s=0.1)
        began = time.monotonic()
        for number in range(20):
            connection.sendall(bytes([number]))
        assert hears(connection, bytes(range(20)))
        assert time.monotonic() - began >= 0.2


def test_a_throttled_line_carries_so_much_a_second(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        assert hears(connection, b"hello")
        proxy.change(bytes_per_s=20_000.0)
        began = time.monotonic()
        connection.sendall(b"x" * 6_000)
        assert hears(connection, b"x" * 6_000)
        assert time.monotonic() - began >= 0.3
