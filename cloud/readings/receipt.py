"""What is stored of an outbox, as the gateway is told it. Pure."""

from collections.abc import Iterable

from protocols.telemetry.messages import Receipt

MAX_RANGES = 500
"""Bounds a receipt's size. The lowest ranges are named first; the others follow as the gaps between them close."""


def receipt_of(epoch: int, stored: Iterable[tuple[int, int]]) -> Receipt:
    """The receipt for an outbox of which `stored`, closed ranges in rising order, never touching, are held."""
    through = 0
    beyond: list[tuple[int, int]] = []
    for first, last in stored:
        if first <= through + 1:
            through = last
        elif len(beyond) < MAX_RANGES:
            beyond.append((first, last))
    return Receipt(epoch=epoch, through=through, beyond=tuple(beyond))


def holds(stored: Iterable[tuple[int, int]], first: int, last: int) -> bool:
    """Whether the numbers `first` to `last` are all in `stored`."""
    return any(low <= first and last <= high for low, high in stored)
