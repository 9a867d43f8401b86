"""The text of a message and the header before it: TS 23.040 sections 9.2.3.16 and 9.2.3.24, TS 23.038 section 4.

A text that is too long for one message goes as parts (information element 0x00, or 0x08 with a wide reference).
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import DecodeError, ReservedValue, Truncated
from protocols.sms import gsm7

MOST_OCTETS = 140
MOST_SEPTETS = 160
MOST_PARTS = 255
_PART_HEADER_OCTETS = 6
_PART_SEPTETS = MOST_SEPTETS - 7  # its header takes 48 bits: 7 septets
_PART_UNITS = (MOST_OCTETS - _PART_HEADER_OCTETS) // 2
_ELEMENT_PART, _ELEMENT_PART_WIDE = 0x00, 0x08


class Alphabet(IntEnum):
    """The value is that of bits 2 and 3 of a data coding scheme of the general group."""

    GSM7 = 0x00
    OCTETS = 0x04
    UCS2 = 0x08


@dataclass(frozen=True)
class Part:
    """Which part of a long text this is."""

    reference: int
    total: int
    number: int
    """1 to `total`."""


@dataclass(frozen=True)
class UserData:
    text: str
    """Empty for octets."""
    alphabet: Alphabet = Alphabet.GSM7
    part: Part | None = None
    octets: bytes = b""
    """What a message of octets carries."""


def alphabet_of(coding_scheme: int) -> Alphabet:
    """TS 23.038 section 4; reserved values are read as the 7-bit alphabet, as that section asks.

    Raises ReservedValue for compressed text.
    """
    group = coding_scheme >> 4
    if group < 0x8:
        if coding_scheme & 0x20:
            raise ReservedValue("compressed text is not read", offset=0)
        bits = coding_scheme & 0x0C
        return Alphabet(bits) if bits != 0x0C else Alphabet.GSM7
    if group == 0xF:
        return Alphabet.OCTETS if coding_scheme & 0x04 else Alphabet.GSM7
    return Alphabet.UCS2 if group == 0xE else Alphabet.GSM7


def split(text: str, reference: int) -> list[UserData]:
    """The messages that carry `text` in the narrowest alphabet that has all its letters. No character is torn apart.

    `reference` (0 to 255) tells the parts of one text from those of another. Raises ValueError where there are more
    than 255.
    """
    narrow = gsm7.is_gsm7(text)
    alphabet = Alphabet.GSM7 if narrow else Alphabet.UCS2
    sizes = [gsm7.width(letter) if narrow else 1 + (ord(letter) > 0xFFFF) for letter in text]
    if sum(sizes) <= (MOST_SEPTETS if narrow else MOST_OCTETS // 2):
        return [UserData(text, alphabet)]
    room = _PART_SEPTETS if narrow else _PART_UNITS
    pieces, begin, filled = [], 0, 0
    for place, size in enumerate(sizes):
        if filled + size > room:
            pieces.append(text[begin:place])
            begin, filled = place, 0
        filled += size
    pieces.append(text[begin:])
    if len(pieces) > MOST_PARTS:
        raise ValueError(f"a text of {len(pieces)} parts; at most {MOST_PARTS} are allowed")
    return [
        UserData(piece, alphabet, Part(reference, len(pieces), number)) for number, piece in enumerate(pieces, start=1)
    ]


def encode_user_data(data: UserData) -> bytes:
    """Length and user data. Raises ValueError where it does not fit into one message."""
    header = b"" if data.part is None else _part_header(data.part)
    if data.alphabet is Alphabet.GSM7:
        septets = gsm7.septets_of(data.text)
        fill_bits = -8 * len(header) % 7
        length = (8 * len(header) + fill_bits) // 7 + len(septets)
        body = header + gsm7.pack(septets, fill_bits)
    else:
        body = header + (data.octets if data.alphabet is Alphabet.OCTETS else data.text.encode("utf-16-be"))
        length = len(body)
    if len(body) > MOST_OCTETS:
        raise ValueError(f"{len(body)} octets; one message holds {MOST_OCTETS}")
    return bytes((length,)) + body


def read_user_data(cursor: Cursor, coding_scheme: int, *, has_header: bool) -> UserData:
    """Raises Truncated, ReservedValue, and DecodeError for a header that is longer than its data."""
    begin = cursor.offset
    alphabet = alphabet_of(coding_scheme)
    length = cursor.u8()
    octets_length = (7 * length + 7) // 8 if alphabet is Alphabet.GSM7 else length
    if octets_length > MOST_OCTETS:
        raise ReservedValue(f"user data of {octets_length} octets; one message holds {MOST_OCTETS}", offset=begin)
    body = cursor.take(octets_length)
    part, header_octets = _read_header(body, begin + 1) if has_header else (None, 0)
    if alphabet is Alphabet.GSM7:
        fill_bits = -8 * header_octets % 7
        septets = length - (8 * header_octets + fill_bits) // 7
        if septets < 0:
            raise DecodeError("the user data's header is longer than the user data", offset=begin + 1)
        return UserData(gsm7.text_of(gsm7.unpack(body[header_octets:], septets, fill_bits)), alphabet, part)
    rest = body[header_octets:]
    if alphabet is Alphabet.OCTETS:
        return UserData("", alphabet, part, rest)
    return UserData(rest.decode("utf-16-be", errors="replace"), alphabet, part)


def _part_header(part: Part) -> bytes:
    return bytes((_PART_HEADER_OCTETS - 1, _ELEMENT_PART, 3, part.reference, part.total, part.number))


def _read_header(body: bytes, offset: int) -> tuple[Part | None, int]:
    """The part that the header names, and the octets that the header takes. Other elements are passed over."""
    try:
        outer = Cursor(body)
        length = outer.u8()
        cursor = Cursor(outer.take(length))
        part = None
        while cursor.remaining:
            element = cursor.u8()
            value = cursor.take(cursor.u8())
            if element == _ELEMENT_PART and len(value) == 3:
                part = Part(value[0], value[1], value[2])
            elif element == _ELEMENT_PART_WIDE and len(value) == 4:
                part = Part(value[0] << 8 | value[1], value[2], value[3])
    except Truncated as error:
        raise DecodeError("the user data's header is longer than the user data", offset=offset) from error
    if part is not None and not 1 <= part.number <= part.total:
        part = None  # the standard: such an element is ignored
    return part, length + 1
