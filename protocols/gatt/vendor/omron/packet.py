"""The packets by which an Omron monitor's memory is read, and the short words by which it is unlocked before.

packet: `length type_hi type_lo address_hi address_lo size data 00 check`: length counts the whole packet, the exclusive
or of all bytes is 0. Commands have types 0000 (open), 0100 (read), 0f00 (close); replies 8000, 8100, 8f00. A read that
the monitor does not serve is answered with the size asked for, no data, and a code in the place of the first byte.
There is a command that writes (type 01c0). It is not here: calibration stands in the same memory.

unlocking: `00 key`, `01 key`, `02 00*16` (17 bytes) or `11 token 00*15` (20 bytes), answered `80|81|82|91 status ...`,
status 00 for success. Sources: userx14/omblepy (omblepy.py), eigger/hass-omron (memory_protocol.py, unlock.py).
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ChecksumMismatch, DecodeError, ReservedValue

OVERHEAD = 8
LONGEST_PACKET = 64
KEY_LENGTH = 16
TOKEN_LENGTH = 4
_TOKEN_WORD_LENGTH = 20
_NOT_A_PACKET = 0x80
"""A packet begins with its length, an unlocking reply with a byte at or above this."""


class PacketType(IntEnum):
    OPEN = 0x0000
    READ = 0x0100
    CLOSE = 0x0F00
    OPENED = 0x8000
    DATA = 0x8100
    CLOSED = 0x8F00


class Word(IntEnum):
    PROGRAM_KEY = 0x00
    UNLOCK = 0x01
    BEGIN_PROGRAMMING = 0x02
    TOKEN = 0x11


_ANSWERED = 0x80
_TYPES = frozenset(map(int, PacketType))
_WORDS = frozenset(map(int, Word))


@dataclass(frozen=True)
class Packet:
    type: PacketType
    address: int = 0
    size: int = 0
    """Of the data asked for, or sent."""
    data: bytes = b""
    refusal: int = 0
    """In a reply without data: why not; 0 where nothing is wrong."""


@dataclass(frozen=True)
class UnlockingReply:
    word: Word
    status: int
    rest: bytes

    @property
    def succeeded(self) -> bool:
        return self.status == 0


OPENING = Packet(PacketType.OPEN, size=0x10)
CLOSING = Packet(PacketType.CLOSE)


def encode_packet(packet: Packet) -> bytes:
    """Raises ValueError for data that does not fit."""
    length = len(packet.data) + OVERHEAD
    if length > LONGEST_PACKET:
        raise ValueError(f"packet of {length} bytes, the channels hold {LONGEST_PACKET}")
    head = bytes((length,)) + packet.type.to_bytes(2, "big") + packet.address.to_bytes(2, "big") + bytes((packet.size,))
    body = head + packet.data + bytes((packet.refusal,))
    return body + bytes((_xor(body),))


def encode_reading(address: int, size: int) -> bytes:
    return encode_packet(Packet(PacketType.READ, address, size))


def decode_packet(data: bytes) -> Packet:
    """`data` as one whole packet and nothing behind it.

    Raises Truncated, ChecksumMismatch, ReservedValue (type), or DecodeError where the form is not a packet's.
    """
    cursor = Cursor(data)
    length = cursor.u8()
    if not OVERHEAD <= length <= LONGEST_PACKET:
        raise DecodeError(f"a packet's length is not {length}", offset=0)
    kind, address, size = cursor.u16_be(), cursor.u16_be(), cursor.u8()
    carried = cursor.take(length - OVERHEAD)
    refusal = cursor.u8()
    cursor.u8()
    if cursor.remaining:
        raise DecodeError(f"{cursor.remaining} bytes behind the packet", offset=cursor.offset)
    if _xor(data):
        raise ChecksumMismatch("the packet's bytes do not cancel out", offset=length - 1)
    if kind not in _TYPES:
        raise ReservedValue(f"packet of type {kind:04x}", offset=1)
    if kind == PacketType.DATA and carried and len(carried) != size:
        raise DecodeError(f"{len(carried)} bytes of data, the packet says {size}", offset=5)
    return Packet(PacketType(kind), address, size, carried, refusal)


def encode_key_word(word: Word, key: bytes = bytes(KEY_LENGTH)) -> bytes:
    """Raises ValueError for a key that is not of 16 bytes."""
    if len(key) != KEY_LENGTH:
        raise ValueError(f"a key of {len(key)} bytes; {KEY_LENGTH} are needed")
    return bytes((word,)) + key


def encode_token_word(token: bytes) -> bytes:
    """Raises ValueError for a token that is not of 4 bytes."""
    if len(token) != TOKEN_LENGTH:
        raise ValueError(f"a token of {len(token)} bytes; {TOKEN_LENGTH} are needed")
    return (bytes((Word.TOKEN,)) + token).ljust(_TOKEN_WORD_LENGTH, b"\0")


def encode_unlocking_reply(word: Word, status: int, rest: bytes = b"") -> bytes:
    return bytes((word | _ANSWERED, status)) + rest


def decode_unlocking_reply(data: bytes) -> UnlockingReply:
    """Raises Truncated below 2 bytes, ReservedValue where it answers no word of ours."""
    cursor = Cursor(data)
    answered, status = cursor.u8(), cursor.u8()
    word = answered & ~_ANSWERED
    if not answered & _ANSWERED or word not in _WORDS:
        raise ReservedValue(f"{answered:02x} answers no word by which a monitor is unlocked", offset=0)
    return UnlockingReply(Word(word), status, cursor.rest())


def is_packet(data: bytes) -> bool:
    """What a conversation sends or hears: a packet (True) or one of the unlocking words and replies.

    A packet begins with its own length, which no unlocking word does.
    """
    return OVERHEAD <= len(data) == data[0]


def decode_heard(data: bytes) -> Packet | UnlockingReply:
    """Whichever of the two it is. Raises DecodeError."""
    return decode_unlocking_reply(data) if data[:1] >= bytes((_NOT_A_PACKET,)) else decode_packet(data)


def _xor(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check
