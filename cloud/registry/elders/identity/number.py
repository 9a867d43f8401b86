"""Citizen identity numbers (GB 11643-1999): region (6), day of birth (8), order (3), check (ISO 7064 MOD 11-2).

Pure. A number says where it was first given, when its owner was born and, by the order's parity, of which sex.
"""

import re
from dataclasses import dataclass
from datetime import date

from cloud.registry.model import Sex

_SHAPE = re.compile(r"([0-9]{6})([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{3})([0-9X])")
_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
"""First two digits, by GB/T 2260; 81 to 83 are residence permits of Hong Kong, Macao and Taiwan."""
SHOWN = 2
"""So many characters at the end are shown; what stands before them is on the same page or easily guessed."""


class NumberRefused(ValueError):
    """It is no identity number; the message says why, without the number."""


@dataclass(frozen=True)
class IdentityNumber:
    text: str
    """18 characters, the last a digit or X."""
    born_on: date
    sex: Sex

    @property
    def region(self) -> str:
        """Where it was first given; people move, and districts are renamed."""
        return self.text[:6]


def check_character(digits: str) -> str:
    """The 18th character of a number that begins with these 17 digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def read_number(text: str, today: date) -> IdentityNumber:
    """Spaces, and a small x, are put right. Raises NumberRefused."""
    plain = re.sub(r"[\s-]", "", text).upper().replace("Ｘ", "X")
    found = _SHAPE.fullmatch(plain)
    if found is None or not plain.isascii():
        raise NumberRefused("expected 18 characters, the last a digit or X")
    region, year, month, day, order, check = found.groups()
    if region[:2] not in _PROVINCES:
        raise NumberRefused("its first two digits are no province")
    try:
        born_on = date(int(year), int(month), int(day))
    except ValueError as error:
        raise NumberRefused("the day of birth in it is no day") from error
    if not date(1880, 1, 1) <= born_on <= today:
        raise NumberRefused("the day of birth in it cannot be right")
    if check != check_character(plain[:17]):
        raise NumberRefused("its check character is wrong: one of the others was misread")
    return IdentityNumber(plain, born_on, Sex.MALE if int(order) % 2 else Sex.FEMALE)


def masked(text: str) -> str:
    return "•" * (len(text) - SHOWN) + text[-SHOWN:]
