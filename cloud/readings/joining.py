"""Small messages that follow each other in one outbox become one delivery: what the database does for each message it
then does once for several. Pure."""

from collections.abc import Sequence
from itertools import chain

import msgspec

from cloud.readings.model import Delivery

MOST = 20
"""Readings of what is joined, as many as a home usually sends together: the proof keeps a hash for each delivery."""


def joined(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """`deliveries`, in which each that continues the one before it of its outbox is part of that.

    Only what is stored as it came is joined, and only where the running hashes meet: both are then of one chain.
    """
    runs: list[list[Delivery]] = []
    open_: dict[tuple[str, int], list[Delivery]] = {}
    for delivery in deliveries:
        outbox = (delivery.gateway, delivery.epoch)
        run = open_.get(outbox)
        if run is not None and _continues(run, delivery):
            run.append(delivery)
        else:
            run = open_[outbox] = [delivery]
            runs.append(run)
    return [run[0] if len(run) == 1 else _one(run) for run in runs]


def _continues(run: Sequence[Delivery], delivery: Delivery) -> bool:
    last = run[-1]
    end = delivery.first + delivery.count
    return (
        delivery.first == last.first + last.count
        and end - run[0].first <= MOST
        and _is_plain(last)
        and _is_plain(delivery)
        and (last.chain and last.chain[1]) == (delivery.chain and delivery.chain[0])
    )


def _is_plain(delivery: Delivery) -> bool:
    return 0 < delivery.count == len(delivery.readings) and not (delivery.odd or delivery.given_up)


def _one(run: Sequence[Delivery]) -> Delivery:
    first, last = run[0], run[-1]
    count = last.first + last.count - first.first
    return msgspec.structs.replace(
        last,
        first=first.first,
        count=count,
        readings=tuple(chain.from_iterable([part.readings for part in run])),
        numbers=range(first.first, first.first + count),
        chain=first.chain and last.chain and (first.chain[0], last.chain[1]),
    )
