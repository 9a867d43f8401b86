"""Closed ranges of outbox numbers, as messages and receipts name them. Pure."""

from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""First and last number, both in it."""


def without(spans: Iterable[Span], holes: Iterable[Span]) -> Iterator[Span]:
    """`spans` less `holes`, both in rising order and apart."""
    left = list(holes)
    for first, last in spans:
        at = first
        while left and left[0][1] < at:
            left.pop(0)
        for low, high in left:
            if low > last:
                break
            if at < low:
                yield at, low - 1
            at = max(at, high + 1)
        if at <= last:
            yield at, last
