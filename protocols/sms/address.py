"""Telephone numbers in PDUs: TS 23.040 section 9.1.2.5. Digits are half-octets, the first in the low half."""

import re

from protocols.cursor import Cursor
from protocols.errors import ReservedValue
from protocols.sms import gsm7

INTERNATIONAL = 0x91
NATIONAL_OR_SHORT = 0x81
_TYPE_OF_NUMBER, _ALPHANUMERIC, _IS_INTERNATIONAL = 0x70, 0x50, 0x10
_DIGITS = "0123456789*#abc"
_FILL = 0xF
MOST_DIGITS = 20

_NUMBER = re.compile(r"\+?[0-9*#abc]{1,20}")


def read_address(cursor: Cursor) -> str:
    """An address whose length counts digits: `+8613800000000`, `10086`, or a name such as `Operator`.

    Raises Truncated, ReservedValue.
    """
    begin = cursor.offset
    digits = cursor.u8()
    if digits > MOST_DIGITS:
        raise ReservedValue(f"an address of {digits} digits, at most {MOST_DIGITS} are allowed", offset=begin)
    kind = cursor.u8()
    octets = cursor.take((digits + 1) // 2)
    if kind & _TYPE_OF_NUMBER == _ALPHANUMERIC:
        return gsm7.text_of(gsm7.unpack(octets, digits * 4 // 7))
    return _number(kind, octets, digits)


def read_service_centre(cursor: Cursor) -> str:
    """The address before the PDU on the AT line, whose length counts octets; empty where the modem's own is meant."""
    length = cursor.u8()
    if length == 0:
        return ""
    if length > 1 + MOST_DIGITS // 2:
        raise ReservedValue(f"a service centre of {length} octets", offset=cursor.offset - 1)
    kind = cursor.u8()
    octets = cursor.take(length - 1)
    return _number(kind, octets, 2 * len(octets))


def encode_address(number: str) -> bytes:
    """Raises ValueError for what is no number of at most 20 digits."""
    if not _NUMBER.fullmatch(number):
        raise ValueError("expected 1 to 20 digits, with + where the country's code stands first")
    digits = number.removeprefix("+")
    kind = INTERNATIONAL if number.startswith("+") else NATIONAL_OR_SHORT
    return bytes((len(digits), kind)) + _half_octets(digits)


def encode_service_centre(number: str) -> bytes:
    """`number` empty: the modem takes the one on its SIM."""
    if not number:
        return b"\0"
    coded = encode_address(number)
    return bytes((len(coded) - 1,)) + coded[1:]


def _number(kind: int, octets: bytes, digits: int) -> str:
    halves = [half for octet in octets for half in (octet & 0xF, octet >> 4)][:digits]
    plus = "+" if kind & _TYPE_OF_NUMBER == _IS_INTERNATIONAL else ""
    return plus + "".join(_DIGITS[half] for half in halves if half != _FILL)


def _half_octets(digits: str) -> bytes:
    halves = [_DIGITS.index(digit) for digit in digits]
    if len(halves) % 2:
        halves.append(_FILL)
    return bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))
