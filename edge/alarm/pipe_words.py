"""What the gateway's process says to the alarm's over its pipe: lines of JSON, an empty one to wake it."""

import msgspec
import structlog

from edge.alarm.call import Call

_log = structlog.get_logger()

WAKE = b"\n"
_LONGEST_LINE_BYTES = 64 * 1024

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Call)


def line_of(call: Call) -> bytes:
    """Of a call that the journal does not take; said again with every change of it."""
    return _encoder.encode(call) + b"\n"


class PipeReader:
    """Bytes in, as they come; calls out. What is no call only wakes."""

    def __init__(self) -> None:
        self._rest = b""

    def calls(self, heard: bytes) -> list[Call]:
        *lines, rest = (self._rest + heard).split(b"\n")
        self._rest = rest if len(rest) <= _LONGEST_LINE_BYTES else b""
        found = []
        for line in lines:
            if not line.startswith(b"{"):
                continue
            try:
                found.append(_decoder.decode(line))
            except msgspec.DecodeError as error:
                _log.error("alarm_pipe", problem=str(error))
        return found
