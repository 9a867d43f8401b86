"""The running hash over all that an outbox ever took: who holds the readings can prove that none is missing or changed.

    digest(n) = SHA-256 of the canonical form of reading n
    link(0)   = SHA-256 of "doorstep chain 1 " and the epoch in decimal
    link(n)   = SHA-256 of link(n - 1) and digest(n)

The chain goes over readings, not over messages, so a gateway may cut its numbers into messages as it likes and send
them again. The canonical form is made of what a stored row keeps, so that the database can be asked years later. It
is a run of netstrings (length in decimal, colon, bytes, comma) of: device, metric, value, measured_at, received_at,
device_time, clock_offset_s, sequence, user_slot, meal, then each flag in its order. Texts are UTF-8, whole numbers
decimal, floating-point numbers 16 hexadecimal digits of IEEE 754 (big end first), times microseconds since 1970 (a
meter's own time as though it were UTC), and what is absent is empty.
"""

import struct
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from protocols.reading import Reading

LINK_BYTES = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DOUBLE = struct.Struct(">d")


def canonical(reading: Reading) -> bytes:
    """The bytes that stand for `reading`, the same wherever it is looked at."""
    device_time, offset_s = reading.device_time, reading.clock_offset_s
    fields = (
        reading.device,
        reading.metric.value,
        _double(reading.value),
        str((reading.measured_at - _EPOCH) // _MICROSECOND),
        str((reading.received_at - _EPOCH) // _MICROSECOND),
        "" if device_time is None else str((device_time.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND),
        "" if offset_s is None else _double(offset_s),
        "" if reading.sequence is None else str(reading.sequence),
        "" if reading.user_slot is None else str(reading.user_slot),
        "" if reading.meal is None else reading.meal.value,
        *(flag.value for flag in reading.flags),
    )
    encoded = [field.encode("utf-8", "surrogatepass") for field in fields]
    return b"".join(b"%d:%s," % (len(field), field) for field in encoded)


def digest_of(reading: Reading) -> bytes:
    """32 bytes."""
    return sha256(canonical(reading)).digest()


def first_link(epoch: int) -> bytes:
    """What stands before reading 1 of an outbox; 32 bytes."""
    return sha256(b"doorstep chain 1 %d" % epoch).digest()


def next_link(link: bytes, digest: bytes) -> bytes:
    """The link after the reading of `digest`, when `link` is the one before it; 32 bytes."""
    return sha256(link + digest).digest()


def _double(value: float) -> str:
    return _DOUBLE.pack(value).hex()
