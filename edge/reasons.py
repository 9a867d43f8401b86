"""Why something of the system failed, in words that fit into a sentence: never `[Errno 111]`."""

import errno
import os
import socket
import ssl

_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_NOT_YET_VALID, _EXPIRED = 9, 10


def reason_of(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        foreign = error.reason in _NOT_TLS
        return "who is there does not speak TLS" if foreign else (error.reason or str(error)).replace("_", " ").lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, error.errno)
    return str(error) or type(error).__name__


def _of_the_system(error: OSError, number: int) -> str:
    if number == errno.ENOENT and not isinstance(error, socket.gaierror) and error.filename is None:
        return "it is not there"
    if number == errno.EAGAIN:  # a serial port that is locked
        return "another program has it open"
    words = (error.strerror if isinstance(error, socket.gaierror) else None) or os.strerror(number)
    return words[:1].lower() + words[1:]


def is_about_time(error: ssl.SSLCertVerificationError) -> bool:
    """Whether the certificate is refused for its dates alone: then it is a clock that is wrong, as often as not."""
    return error.verify_code in (_NOT_YET_VALID, _EXPIRED)
