"""Frames of the A&D TM-2655P, a pressure meter for waiting rooms.

    host    16 16 01 '0' '0' 02 text 03 bcc        text `RB`: tell the last result
    meter   16 16 01 '0' '0' 06                    heard
    meter   16 16 01 '0' '0' 02 fields 03 bcc      fields parted by 1E

`bcc` is the exclusive or of the text's bytes. The fields of a result, as readers of three authors have them:
`TM2655`, `yyMMddHHmm`, `RB`, `M`, `E00` (error), `S107` systolic, `M 85` mean, `D 59` diastolic, `P 88` pulse,
`I16` inflated to (tens), `L 92` largest pulse. They are found by their letter, since other settings of function F25
leave fields out. Whether the meter's own frames always carry a bcc is not known: one that is there is checked.
"""

import math
import re
from datetime import datetime

from protocols.errors import ChecksumMismatch, DecodeError, ReservedValue, Truncated, UnexpectedReply
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.never_set import NEVER_SET
from protocols.serial.xor8 import xor8

MODEL = "A&D TM-2655P"
SYN, SOH, STX, ETX, ACK, NAK, RS = 0x16, 0x01, 0x02, 0x03, 0x06, 0x15, 0x1E
MAX_TEXT_LENGTH = 1024
_HEAD = re.compile(rb"\x16\x16\x01[ 0-9]{2}", re.DOTALL)
_HEAD_LENGTH = 5
_METRICS = {
    "S": Metric.SYSTOLIC,
    "M": Metric.MEAN_ARTERIAL_PRESSURE,
    "D": Metric.DIASTOLIC,
    "P": Metric.PULSE,
}
_NEEDED = (Metric.SYSTOLIC, Metric.DIASTOLIC, Metric.PULSE)
_FIELD = re.compile(r"([SMDP]) *(\d{1,3})")
_ERROR = re.compile(r"E *(\d{2})")
_BELIEVABLE = range(10, 320)


def encode_frame(text: bytes, address: bytes = b"00") -> bytes:
    return bytes((SYN, SYN, SOH)) + address + bytes((STX,)) + text + bytes((ETX, xor8(text)))


READ_LAST_RESULT = encode_frame(b"RB")
START_MEASURING = encode_frame(b"ST", b"0 ")
"""Never sent by a reader: somebody's arm would have to be in the cuff."""
HEARD = bytes((SYN, SYN, SOH)) + b"00" + bytes((ACK,))
NOT_DONE = bytes((SYN, SYN, SOH)) + b"00" + bytes((NAK,))


def decode_frame(data: bytes) -> bytes:
    """The text of one whole frame with its bcc and nothing behind it.

    Raises Truncated, ChecksumMismatch, or DecodeError where the form is not a frame's.
    """
    if not _HEAD.match(data):
        if not data or (len(data) < _HEAD_LENGTH and _may_begin_frame(data)):
            raise Truncated("the head of a frame is cut short", offset=len(data))
        raise DecodeError("a frame begins with 16 16 01 and two digits", offset=0)
    if data[_HEAD_LENGTH : _HEAD_LENGTH + 1] not in (b"", bytes((STX,))):
        raise DecodeError(f"text begins with 02, not {data[_HEAD_LENGTH]:02x}", offset=_HEAD_LENGTH)
    end = data.find(ETX, _HEAD_LENGTH)
    if end < 0 or len(data) < end + 2:
        raise Truncated("the frame's end is missing", offset=len(data))
    text = data[_HEAD_LENGTH + 1 : end]
    if data[end + 1] != xor8(text):
        raise ChecksumMismatch("bcc of the frame is wrong", offset=end + 1)
    if len(data) > end + 2:
        raise DecodeError(f"{len(data) - end - 2} bytes behind the frame", offset=end + 2)
    return text


def encode_result(at: datetime, systolic_mm_hg: int, mean_mm_hg: int, diastolic_mm_hg: int, pulse: int) -> bytes:
    """The text of a result without an error."""
    fields = (
        "TM2655",
        at.strftime("%y%m%d%H%M"),
        "RB",
        "M",
        "E00",
        f"S{systolic_mm_hg:3d}",
        f"M{mean_mm_hg:3d}",
        f"D{diastolic_mm_hg:3d}",
        f"P{pulse:3d}",
        "I18",
        "L 92",
    )
    return bytes((RS,)).join(field.encode("ascii") for field in fields)


def encode_failure(at: datetime, error: int) -> bytes:
    fields = ("TM2655", at.strftime("%y%m%d%H%M"), "RB", "M", f"E{error:02d}")
    return bytes((RS,)).join(field.encode("ascii") for field in fields)


def decode_result(text: bytes) -> Record:
    """A measurement that ended in an error has values that are no number.

    Raises Truncated where a field is missing at the end, DecodeError, UnexpectedReply for another model or text.
    """
    fields = text.decode("ascii", errors="replace").split(chr(RS))
    if not re.fullmatch(r"TM-?2655P?", fields[0].strip()):
        if len(fields) == 1 and "TM2655".startswith(fields[0].replace("-", "")):
            raise Truncated("the result is cut short", offset=len(text))
        raise UnexpectedReply(f"the meter calls itself {fields[0][:16]!r}, not TM2655")
    at, flags = _time(fields[1] if len(fields) > 1 else "", len(text))
    errors = [match[1] for field in fields[2:] if (match := _ERROR.fullmatch(field.strip()))]
    if errors and errors[0] != "00":
        return Record(tuple((metric, math.nan) for metric in _NEEDED), at, flags=flags)
    found = {_METRICS[match[1]]: float(match[2]) for field in fields[2:] if (match := _FIELD.fullmatch(field.strip()))}
    missing = [metric for metric in _NEEDED if metric not in found]
    if not errors or missing:
        raise Truncated(f"the result has no {missing[0] if missing else 'error field'}", offset=len(text))
    if not all(int(value) in _BELIEVABLE for value in found.values()):
        raise ReservedValue(f"values {sorted(found.values())} are none of a body", offset=0)
    return Record(tuple((metric, found[metric]) for metric in _METRICS.values() if metric in found), at, flags=flags)


class FrameSplitter:
    """Cuts a stream into the texts of frames. Acknowledgements tell nothing and are left out."""

    def __init__(self) -> None:
        self._pending = b""
        self.dropped = 0
        """Bytes that belonged to no frame."""

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def feed(self, data: bytes) -> list[bytes]:
        """Raises ChecksumMismatch."""
        self._pending += data
        texts = []
        while (text := self._next()) is not None:
            texts.append(text)
        return texts

    def clear(self) -> None:
        """Nothing more will come: a frame that lacks only its bcc was sent without one, anything else is dropped."""
        if self._pending[-1:] == bytes((ETX,)) and _HEAD.match(self._pending):
            self._pending += bytes((xor8(self._pending[_HEAD_LENGTH + 1 : -1]),))
            return
        self.dropped += len(self._pending)
        self._pending = b""

    def _next(self) -> bytes | None:
        while self._pending:
            self._drop_to_frame()
            kind = self._pending[_HEAD_LENGTH : _HEAD_LENGTH + 1]
            if kind in (bytes((ACK,)), bytes((NAK,))):
                self._pending = self._pending[_HEAD_LENGTH + 1 :]
            elif kind in (b"", bytes((STX,))):
                return self._text()
            else:
                self._drop(1)
        return None

    def _text(self) -> bytes | None:
        end = self._pending.find(ETX, _HEAD_LENGTH)
        if end < 0 or len(self._pending) < end + 2:
            if len(self._pending) > MAX_TEXT_LENGTH:
                self._drop(len(self._pending))
            return None
        text = self._pending[_HEAD_LENGTH + 1 : end]
        length = end + 2
        if self._pending[end + 1] == SYN != xor8(text):  # sent without a bcc, and the next frame begins
            length = end + 1
        frame, self._pending = self._pending[:length], self._pending[length:]
        return decode_frame(frame) if length == end + 2 else text

    def _drop_to_frame(self) -> None:
        """Everything before the first place at which a frame may begin goes."""
        at = 0
        while at < len(self._pending) and not _may_begin_frame(self._pending[at : at + _HEAD_LENGTH]):
            at += 1
        self._drop(at)

    def _drop(self, count: int) -> None:
        self.dropped += sum(byte not in b"\0\r\n" for byte in self._pending[:count])
        self._pending = self._pending[count:]


def _may_begin_frame(head: bytes) -> bool:
    whole = head + b"\x16\x16\x0100"[len(head) :]
    return bool(head) and _HEAD.fullmatch(whole) is not None


def _time(field: str, length: int) -> tuple[datetime, tuple[Flag, ...]]:
    if not re.fullmatch(r"\d{10}", field):
        raise Truncated(f"the result's time is {field[:16]!r}, not ten digits", offset=length)
    try:
        return datetime.strptime(field, "%y%m%d%H%M"), ()  # noqa: DTZ007 - the meter's clock has no zone
    except ValueError:
        return NEVER_SET, (Flag.DEVICE_TIME_FAULT,)
