"""Identity and card numbers between what is stored sealed and what is shown."""

from datetime import date

import structlog

from cloud.key_file import KeyRefused
from cloud.registry.elders.identity.card import CardRefused, read_card
from cloud.registry.elders.identity.number import NumberRefused, read_number
from cloud.registry.elders.identity.store import Sealed
from cloud.web.services import Services

log = structlog.get_logger()


def opened(services: Services, elder_id: int, sealed: Sealed) -> dict[str, str]:
    """`number` and `card`, each where there is one. What another key sealed stays away, and the log says so."""
    found = {}
    for which, data in (("number", sealed.number_sealed), ("card", sealed.card_sealed)):
        if data is not None:
            try:
                found[which] = services.identity_keys.open(data, which, elder_id)
            except KeyRefused as error:
                log.warning("identity_sealed_by_another_key", elder_id=elder_id, what=str(error))
    return found


def hash_of(services: Services, text: str) -> bytes | None:
    """By which the owner of the number is found; None where it is no number of a kind that is kept."""
    try:
        return services.identity_keys.hash(read_number(text, date.max).text)
    except NumberRefused:
        pass
    try:
        return services.identity_keys.hash(read_card(text))
    except CardRefused:
        return None
