"""The message of an A&D UA-767PC after a measurement: 10 hexadecimal characters, and no time.

    80 4C 4C 49 60
    |  |  |  |  unknown
    |  |  |  pulse per minute
    |  |  diastolic, mmHg
    |  systolic minus diastolic, mmHg
    80: measured; 81, 82, 83: not

Sources: python-omhe hardware/bloodpressure_a_and_d_UA767PC (reads 10 characters, three pairs) and a web page for the
same meter that gives the example above and the four codes. There is no check value: only a value that no body has
gives a damaged message away.
"""

import math

from protocols.errors import DecodeError, ImplausibleValue, ReservedValue, Truncated
from protocols.reading import Metric
from protocols.record import Record

MODEL = "A&D UA-767PC"
MESSAGE_LENGTH = 10
MEASURED = 0x80
NOT_MEASURED = (0x81, 0x82, 0x83)
_TAIL = "60"
_METRICS = (Metric.SYSTOLIC, Metric.DIASTOLIC, Metric.PULSE)
_BELIEVABLE = {Metric.SYSTOLIC: (40, 300), Metric.DIASTOLIC: (20, 250), Metric.PULSE: (20, 250)}
"""Wider than the meter's own range (20 to 280 mmHg, 40 to 200 a minute)."""
_DIGITS = b"0123456789ABCDEFabcdef"


def encode_measurement(systolic_mm_hg: int, diastolic_mm_hg: int, pulse_per_minute: int) -> bytes:
    """Raises ValueError for what two digits cannot hold."""
    numbers = bytes((MEASURED, systolic_mm_hg - diastolic_mm_hg, diastolic_mm_hg, pulse_per_minute))
    return (numbers.hex().upper() + _TAIL).encode("ascii")


def encode_failure(code: int = NOT_MEASURED[0]) -> bytes:
    return (bytes((code, 0, 0, 0)).hex().upper() + _TAIL).encode("ascii")


def decode_measurement(data: bytes) -> Record:
    """A record without a time. What could not be measured is not a number.

    Raises Truncated, DecodeError, ReservedValue for an unknown code, ImplausibleValue.
    """
    for place, byte in enumerate(data[:MESSAGE_LENGTH]):
        if byte not in _DIGITS:
            raise DecodeError(f"byte {byte:02x} is no hexadecimal digit", offset=place)
    if len(data) < MESSAGE_LENGTH:
        raise Truncated(f"{MESSAGE_LENGTH} characters needed, {len(data)} there", offset=len(data))
    if len(data) > MESSAGE_LENGTH:
        raise DecodeError(f"{len(data) - MESSAGE_LENGTH} bytes behind the message", offset=MESSAGE_LENGTH)
    code, pulse_pressure, diastolic, pulse, _ = bytes.fromhex(data.decode("ascii"))
    if code in NOT_MEASURED:
        return Record(tuple((metric, math.nan) for metric in _METRICS), None)
    if code != MEASURED:
        raise ReservedValue(f"code {code:02x} is none of 80, 81, 82, 83", offset=0)
    values = tuple(zip(_METRICS, map(float, (diastolic + pulse_pressure, diastolic, pulse)), strict=True))
    for metric, value in values:
        lowest, highest = _BELIEVABLE[metric]
        if not lowest <= value <= highest:
            raise ImplausibleValue(f"the meter says {metric} {value:.0f}: not between {lowest} and {highest}")
    return Record(values, None)


class MessageSplitter:
    """Cuts a stream into messages. What cannot be the beginning of one is dropped."""

    def __init__(self) -> None:
        self._pending = b""
        self.dropped = 0
        """Bytes that belonged to no message, without line ends and padding."""

    @property
    def pending(self) -> bool:
        """A message has begun and not ended."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, in order."""
        messages = []
        for byte in data:
            self._pending += bytes((byte,))
            while self._pending and not _may_begin_message(self._pending):
                self.dropped += self._pending[0] not in b"\0\r\n "
                self._pending = self._pending[1:]
            if len(self._pending) == MESSAGE_LENGTH:
                messages.append(self._pending)
                self._pending = b""
        return messages

    def clear(self) -> None:
        """Drop an unfinished message: nothing more of it will come."""
        self.dropped += len(self._pending)
        self._pending = b""


def _may_begin_message(data: bytes) -> bool:
    return data[:1] == b"8" and (len(data) == 1 or data[1] in b"0123") and all(byte in _DIGITS for byte in data)
