"""Small numbers are hidden, so that nobody is told from a figure. Pure."""

from collections.abc import Mapping
from typing import TypeVar

LEAST = 5
"""A figure of fewer people or deeds than this is not shown."""

K = TypeVar("K")


def hidden(counts: Mapping[K, int]) -> frozenset[K]:
    """The groups whose figures are not shown beside the sum of all.

    Those of fewer than LEAST, and, as long as the hidden together hold fewer than LEAST, the next smallest one too:
    else the sum less what is shown would tell what is hidden.
    """
    by_size = sorted((key for key, count in counts.items() if count), key=lambda key: counts[key])
    found = [key for key in by_size if counts[key] < LEAST]
    rest = by_size[len(found) :]
    while found and rest and sum(counts[key] for key in found) < LEAST:
        found.append(rest.pop(0))
    return frozenset(found)


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, 0 to 1; None where `whole` is too small to say."""
    return part / whole if whole >= LEAST else None
