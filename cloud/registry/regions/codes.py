"""Codes of regions by GB/T 2260 (province, city, district) and GB/T 10114 (street), and of communities behind them.

Two digits each for province, city and district, three each for street and community: 32 01 06 901 901. What a code
does not need is left out, or is zeros: 320106 and 320106000000 say one district. Pure.
"""

import re

from cloud.registry.model import Level

_DIGITS = re.compile(r"[0-9]{6}(?:[0-9]{3}(?:[0-9]{3})?)?")
_PLACES = ((Level.PROVINCE, 2), (Level.CITY, 4), (Level.DISTRICT, 6), (Level.STREET, 9), (Level.COMMUNITY, 12))


def significant(code: str) -> str | None:
    """The digits of `code` that name something; None: it is no such code, and may be anybody's own."""
    if not _DIGITS.fullmatch(code) or code.startswith("00"):
        return None
    found = ""
    begin = 0
    for _, end in _PLACES:
        part = code[begin:end]
        if part.strip("0"):
            found = code[:end]
        begin = end
    return found


def level_of(code: str) -> Level | None:
    """Of which level the code is; None: it is no such code."""
    digits = significant(code)
    return None if digits is None else next(level for level, end in _PLACES if end == len(digits))


def lies_in(code: str, wider: str) -> bool:
    """Whether the region `code` lies in `wider` by their codes; levels between them may be left out."""
    below, above = significant(code), significant(wider)
    return below is not None and above is not None and len(above) < len(below) and below.startswith(above)
