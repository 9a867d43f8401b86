"""What a receipt says of this outbox: of which numbers it is the word, and whether it speaks of this outbox at all.

Two gateways from one card have one epoch, so a number alone does not tell whose reading is stored. The running hash
does: where it is ours, all below it is ours. And all of it came, less what the receipt names as given up: the other
gateway's outbox may have been full, and not ours.
"""

import sqlite3
from dataclasses import dataclass

from edge import outbox_chain
from protocols.telemetry.messages import Receipt
from protocols.telemetry.spans import Span, without


@dataclass(frozen=True)
class Cover:
    """The centre waits for none of the numbers `first` to `last`."""

    first: int
    last: int
    stored: tuple[Span, ...]
    """The readings that it has. Of the others it knows that they were given up, or nothing tells whose they are."""
    proven: bool
    """A running hash says that they are ours; else it is one of a centre that names none."""


def cover_of(db: sqlite3.Connection, receipt: Receipt, next_number: int) -> list[Cover] | None:
    """None where `receipt` knows other readings than ours under our numbers: another gateway has this outbox too.

    Where a full outbox left nothing by which a hash could be compared, what stands below that waits: for a receipt
    that names one which we have, and the next reading brings that. In a transaction of the outbox's.
    """
    ranges = [(first, last) for first, last in ((1, receipt.through), *receipt.beyond) if first <= last]
    if any(last >= next_number for _, last in ranges):
        return None
    proven_through = 0
    for number, link in receipt.links:
        ours = outbox_chain.link_at(db, number)
        if ours is not None and ours != link:
            return None
        if ours is not None:
            proven_through = max(proven_through, number)
    given_up = sorted(receipt.given_up)
    covers = []
    for first, last in ranges:
        upto = min(last, proven_through) if receipt.links else last
        stored = tuple(without([(first, upto)], given_up)) if first <= upto else ()
        covers.append(Cover(first, last, stored, proven=bool(receipt.links)))
    return covers
