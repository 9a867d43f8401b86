"""The GSM 7-bit default alphabet and its packing: TS 23.038 section 6.2.1 and 6.1.2.1.

Septet i lies at bit 7 * i of the octets, least significant bit first. Ten characters take two septets: an escape and
one of the extension table.
"""

from collections.abc import Sequence
from types import MappingProxyType

from protocols.errors import Truncated

ESCAPE = 0x1B

_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = MappingProxyType(
    {
        0x0A: "\f",
        0x14: "^",
        0x28: "{",
        0x29: "}",
        0x2F: "\\",
        0x3C: "[",
        0x3D: "~",
        0x3E: "]",
        0x40: "|",
        0x65: "€",
    }
)
_SEPTETS: MappingProxyType[str, tuple[int, ...]] = MappingProxyType(
    {letter: (code,) for code, letter in enumerate(_DEFAULT) if code != ESCAPE}
    | {letter: (ESCAPE, code) for code, letter in _EXTENSION.items()}
)


def is_gsm7(text: str) -> bool:
    """Whether every character is in the alphabet or its extension."""
    return all(letter in _SEPTETS for letter in text)


def septets_of(text: str) -> list[int]:
    """Values 0 to 127. Raises ValueError for a character that the alphabet does not have."""
    try:
        return [septet for letter in text for septet in _SEPTETS[letter]]
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the GSM 7-bit alphabet; send the text as UCS-2") from None


def width(letter: str) -> int:
    """Septets that one character of the alphabet takes: 1 or 2."""
    return len(_SEPTETS[letter])


def text_of(septets: Sequence[int]) -> str:
    """The text. An escape before a code that the extension does not have is left out, as the standard asks of a
    receiver; a second escape, or one at the end, is a space."""
    letters: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            letters.append(_EXTENSION.get(septet, " " if septet == ESCAPE else _DEFAULT[septet]))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            letters.append(_DEFAULT[septet])
    if escaped:
        letters.append(" ")
    return "".join(letters)


def pack(septets: Sequence[int], fill_bits: int = 0) -> bytes:
    """Septets in octets, `fill_bits` zero bits before the first."""
    value = 0
    for place, septet in enumerate(septets):
        value |= septet << (7 * place)
    return (value << fill_bits).to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> list[int]:
    """`count` septets behind `fill_bits`. Raises Truncated where the octets end before."""
    needed = (7 * count + fill_bits + 7) // 8
    if len(octets) < needed:
        raise Truncated(f"{count} septets need {needed} octets, there are {len(octets)}", offset=len(octets))
    value = int.from_bytes(octets[:needed], "little") >> fill_bits
    return [(value >> (7 * place)) & 0x7F for place in range(count)]
