"""What the system says of a failure, in words: no number of an error reaches a person."""

import errno
import socket
import ssl

import pytest
import serial

from edge.errors import EdgeError
from edge.identity.centre_line import CentreLine
from edge.identity.enrolment import centre_time
from edge.readout.scan import no_bluetooth
from edge.reasons import reason_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "it is not there"),
        (PermissionError(errno.EACCES, "Permission denied", "/dev/ttyUSB0"), "permission denied"),
        (serial.SerialException(errno.EAGAIN, "Could not exclusively lock port x: [Errno 11]"), "another program"),
        (serial.SerialException(errno.ENOENT, "could not open port x: [Errno 2]"), "it is not there"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        (TimeoutError("timed out"), "no answer in time"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_failure_in_words(error: Exception, words: str) -> None:
    said = reason_of(error)
    assert words in said
    assert "Errno" not in said


def test_a_centre_that_is_not_there_or_no_centre(rude_port: int) -> None:
    for port, words in ((_free_port(), "connection refused"), (rude_port, "does not answer")):
        with pytest.raises(EdgeError, match=words) as found:
            centre_time(f"https://localhost:{port}")
        assert "Errno" not in str(found.value)
        assert "_ssl.c" not in str(found.value)


def test_no_bus_is_no_bluetooth() -> None:
    said = str(no_bluetooth(FileNotFoundError(errno.ENOENT, "No such file or directory")))
    assert "the system's D-Bus is away" in said
    assert "doctor" in said


def test_an_address_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(ValueError, match="expected https://HOST:PORT"):
        CentreLine("http://localhost:1", ssl.create_default_context())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
