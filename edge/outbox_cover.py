"""What a receipt says of this outbox: of which numbers it is the word, and whether it speaks of this outbox at all.

Two gateways from one card have one epoch, so a number alone does not tell whose reading is stored. The running hash
does: where it is ours, all below it is ours.
"""

import sqlite3
from dataclasses import dataclass

from edge import outbox_chain
from protocols.telemetry.messages import Receipt


@dataclass(frozen=True)
class Cover:
    """Of the numbers `first` to `last` the centre has no need any longer."""

    first: int
    last: int
    last_reading: int
    """Up to here readings are stored; above, it knows only that they were given up."""
    proven: bool
    """The running hash says that they are ours."""


def cover_of(db: sqlite3.Connection, receipt: Receipt, next_number: int) -> list[Cover] | None:
    """None where `receipt` knows other readings than ours under our numbers: another gateway has this outbox too.

    In a transaction of the outbox's.
    """
    ranges = [(first, last) for first, last in ((1, receipt.through), *receipt.beyond) if first <= last]
    if any(last >= next_number for _, last in ranges):
        return None
    known: dict[int, bool] = {}
    for number, link in receipt.links:
        ours = outbox_chain.link_at(db, number)
        if ours is not None and ours != link:
            return None
        known[number] = ours is not None
    covers = []
    for first, last in ranges:
        named = max((number for number in known if first <= number <= last), default=first - 1)
        upto = named if receipt.links else last
        covers.append(Cover(first, last, upto, proven=known.get(named, False)))
    return covers
