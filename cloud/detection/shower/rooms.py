"""Which places of a home can tell of a shower."""

import re

import numpy as np

from cloud.detection.columns import EVENT_CODE, EventKind, Events

_BATHROOM = re.compile(r"bath|shower|wc|wet.?room|en.?suite|toilet|浴|淋|卫", re.IGNORECASE)


def is_bathroom(place: str) -> bool:
    return _BATHROOM.search(place) is not None


def places_of(events: Events, kind: EventKind) -> list[int]:
    """Where `kind` was told: in bathrooms where any place is called so, everywhere otherwise."""
    told = np.unique(events.place[events.kind == EVENT_CODE[kind]]).tolist()
    return [place for place in told if is_bathroom(events.places[place])] or told
