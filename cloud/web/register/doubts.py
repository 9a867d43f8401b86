"""Where an elder's identity number and the rest of their entry do not agree. Pure."""

from datetime import date

from cloud.registry.elders.identity.number import NumberRefused, read_number
from cloud.registry.elders.model import Entry
from cloud.web.language import N_

_OF_BIRTH = N_("The identity number says another day of birth than this entry.")
_OF_SEX = N_("The identity number says another sex than this entry.")
_OF_ITSELF = N_("The identity number itself cannot be right.")
_YOUNG = N_("By this entry they are younger than sixty.")
_LEAST_AGE = 60


def doubts(number: str | None, entry: Entry, today: date) -> list[str]:
    """Sentences, keys of the catalogue. None of them stops anybody: numbers are sometimes given wrong."""
    found = []
    if number is not None:
        try:
            read = read_number(number, today)
        except NumberRefused:
            found.append(_OF_ITSELF)
        else:
            if entry.born_on is not None and entry.born_on != read.born_on:
                found.append(_OF_BIRTH)
            if entry.sex is not None and entry.sex != read.sex.value:
                found.append(_OF_SEX)
    if entry.born_on is not None and (today.year - entry.born_on.year) < _LEAST_AGE:
        found.append(_YOUNG)
    return found
