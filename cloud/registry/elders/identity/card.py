"""Numbers of social insurance cards (社会保障卡), which the electronic card shares. Pure."""

import re

_SHAPE = re.compile(r"[A-Z0-9]{8,20}")


class CardRefused(ValueError):
    """It is no such number; the message says why, without the number."""


def read_card(text: str) -> str:
    """Letters large, without spaces and hyphens. Cards bear numbers of several kinds: letters and digits, 8 to 20.

    Raises CardRefused.
    """
    plain = re.sub(r"[\s-]", "", text).upper()
    if not plain.isascii() or not _SHAPE.fullmatch(plain) or not any(character.isdigit() for character in plain):
        raise CardRefused("expected 8 to 20 letters and digits, as printed on the card")
    return plain
