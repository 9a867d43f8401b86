"""The columns of an elder's line that belong to the register, and their rows. Reading is pure.

Codes are those of cloud.registry.elders.model; several stand between semicolons.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from cloud.registry.bulk.table import Row
from cloud.registry.elders.identity.card import CardRefused, read_card
from cloud.registry.elders.identity.number import NumberRefused, read_number
from cloud.registry.elders.model import Diet, Dwelling, LivesWith, Payer, Religion

COLUMNS = (
    "language",
    "dwelling",
    "storey",
    "lift",
    "lives_with",
    "household",
    "religion",
    "diet",
    "food_note",
    "payers",
    "payer_note",
    "identity_number",
    "card",
)
_LANGUAGE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_STOREYS = range(-3, 151)


@dataclass(frozen=True)
class RegisterLine:
    dwelling: str | None
    storey: int | None
    lift: bool | None
    lives_with: tuple[str, ...]
    household: str
    religion: str | None
    diet: tuple[str, ...]
    food_note: str
    payers: tuple[str, ...]
    payer_note: str
    number: str | None
    card: str | None

    @property
    def says_something(self) -> bool:
        """Whether there is anything for the entry itself."""
        values = [value for name, value in vars(self).items() if name not in ("number", "card")]
        return any(value not in (None, "", ()) for value in values)


def read_register(row: Row) -> RegisterLine:
    """What is wrong is refused at its column; the number itself never stands in the sentence."""
    lives_with = _several(row, "lives_with", list(LivesWith))
    if LivesWith.ALONE in lives_with and len(lives_with) > 1:
        row.refuse("lives_with", "nobody lives alone and with others")
    lift = _one(row, "lift", ("yes", "no"))
    return RegisterLine(
        dwelling=_one(row, "dwelling", list(Dwelling)),
        storey=_storey(row),
        lift=None if lift is None else lift == "yes",
        lives_with=lives_with,
        household=row.may("household"),
        religion=_one(row, "religion", list(Religion)),
        diet=_several(row, "diet", list(Diet)),
        food_note=row.may("food_note"),
        payers=_several(row, "payers", list(Payer)),
        payer_note=row.may("payer_note"),
        number=_number(row),
        card=_card(row),
    )


def read_language(row: Row) -> str | None:
    text = row.may("language", 40).lower()
    if text and not _LANGUAGE.fullmatch(text):
        row.refuse("language", f"{text!r} is no code such as zh, yue or en")
    return text or None


def _one(row: Row, column: str, known: Collection[str]) -> str | None:
    text = row.may(column, 40).lower()
    if text and text not in known:
        row.refuse(column, f"expected one of {', '.join(known)}, got {text!r}")
    return text or None


def _several(row: Row, column: str, known: Collection[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.lower() for text in row.several(column)))
    for text in found:
        if text not in known:
            row.refuse(column, f"expected some of {', '.join(known)}, got {text!r}")
    return found


def _storey(row: Row) -> int | None:
    text = row.may("storey", 10)
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,3}", text) or int(text) not in _STOREYS:
        row.refuse("storey", f"expected a number from {_STOREYS[0]} to {_STOREYS[-1]}, got {text!r}")
        return None
    return int(text)


def _number(row: Row) -> str | None:
    text = row.may("identity_number", 40)
    try:
        return read_number(text, date.max).text if text else None
    except NumberRefused as error:
        row.refuse("identity_number", str(error))
        return None


def _card(row: Row) -> str | None:
    text = row.may("card", 40)
    try:
        return read_card(text) if text else None
    except CardRefused as error:
        row.refuse("card", str(error))
        return None
