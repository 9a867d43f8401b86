"""A claim's code, which a person reads from one screen and types into another: `K7QM-4XNT-9PW4`.

Four characters find the claim, seven are its secret (35 bits), the last checks the others (Luhn's method modulo 32:
one wrong character is always found, two neighbours exchanged nearly always). Letters that look like digits are not
used, and are understood as the digits: I and L are 1, O is 0.
"""

import hashlib
import secrets
from typing import NamedTuple

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOCATOR_CHARACTERS = 4
SECRET_CHARACTERS = 7
_LENGTH = LOCATOR_CHARACTERS + SECRET_CHARACTERS + 1
_GROUP = 4
_ALIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\t": None, "\u2013": None})
_N, _R, _P = 32768, 8, 1  # 32 MiB and some 0.1 s; 0.4 s on a small gateway
_MAX_MEMORY = 64 * 1024 * 1024
_TITLE = b"doorstep claim 1 "
KEY_BYTES = 32


class ClaimCode(NamedTuple):
    locator: str
    """Finds the claim; it is no secret."""
    secret: str

    def __str__(self) -> str:
        """As people read it, in groups of four."""
        text = self.locator + self.secret
        text += _check_character(text)
        return "-".join(text[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))

    def __repr__(self) -> str:
        return f"ClaimCode({self.locator})"  # never the secret

    def key(self) -> bytes:
        """32 bytes that both sides make of the secret, slowly (scrypt): what a proof gives away cannot be searched."""
        salt = _TITLE + self.locator.encode()
        return hashlib.scrypt(self.secret.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MAX_MEMORY, dklen=KEY_BYTES)


def draw_code() -> ClaimCode:
    """A new one, from the system's randomness."""
    return ClaimCode(_random(LOCATOR_CHARACTERS), _random(SECRET_CHARACTERS))


def parse_code(text: str) -> ClaimCode:
    """The code that somebody typed. Raises ValueError with a sentence that says what is wrong with it."""
    plain = text.strip().upper().translate(_ALIKE)
    strange = sorted(set(plain) - set(ALPHABET))
    if strange:
        raise ValueError(f"a code has digits and letters only, not {' '.join(strange)}")
    if len(plain) != _LENGTH:
        raise ValueError(f"a code has {_LENGTH} characters, such as K7QM-4XNT-9PW4; here are {len(plain)}")
    if _check_character(plain[:-1]) != plain[-1]:
        raise ValueError("the code's last character does not fit the others: one of them is mistyped")
    return ClaimCode(plain[:LOCATOR_CHARACTERS], plain[LOCATOR_CHARACTERS:-1])


def _random(characters: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(characters))


def _check_character(text: str) -> str:
    """Luhn modulo 32: from the right every other place counts double, with the carry added in."""
    total, base = 0, len(ALPHABET)
    for place, character in enumerate(reversed(text)):
        value = ALPHABET.index(character) * (1 if place % 2 else 2)
        total += value // base + value % base
    return ALPHABET[-total % base]
