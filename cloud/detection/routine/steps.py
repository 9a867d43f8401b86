"""Where somebody moved, and when they went from one room to another."""

from dataclasses import dataclass

import numpy as np

from cloud.detection.columns import EVENT_CODE, Bools, EventKind, Events, Ints


@dataclass(frozen=True)
class Steps:
    """Movements, oldest first."""

    rows: Events
    changed: Bools
    """The movement before it was in another room."""


def steps_of(events: Events, late_us: int) -> Steps:
    """What arrived later than `late_us` after it happened is left out: what was said of its time stands."""
    moved = (events.kind == EVENT_CODE[EventKind.MOTION]) & ~(events.value <= 0)  # movement that ends is no movement
    rows = events.take(moved & (events.arrived_us - events.at_us <= late_us))
    changed = np.zeros(len(rows), dtype=np.bool_)
    changed[1:] = rows.place[1:] != rows.place[:-1]
    return Steps(rows, changed)


def counted_by(keys: Ints, chosen: Bools) -> tuple[Ints, Ints]:
    """The keys that occur among `chosen`, sorted, and how often."""
    found, counts = np.unique(keys[chosen], return_counts=True)
    return found, counts
