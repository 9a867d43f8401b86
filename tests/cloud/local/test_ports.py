"""Ports in use are stepped over."""

import os
import socket

import pytest

from cloud.local.ports import accepts, free_port, listens


def test_a_port_in_use_is_stepped_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert accepts("127.0.0.1", port)
        found = free_port(port)
        assert port < found < port + 200
    assert not accepts("127.0.0.1", port)


def test_whose_port_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert listens(os.getpid(), port)
        assert not listens(os.getppid(), port)
    assert not listens(os.getpid(), port)


def test_any_port() -> None:
    assert 1024 < free_port(0) < 65536


def test_no_such_address_is_said() -> None:
    with pytest.raises(OSError, match="no free port from 8080"):
        free_port(8080, "203.0.113.1")
