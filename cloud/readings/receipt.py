"""What is stored of an outbox, as the gateway is told it. Pure."""

from collections.abc import Iterable, Sequence

from protocols.telemetry.messages import Receipt
from protocols.telemetry.spans import Span, without

MAX_RANGES = 100
"""Bounds a receipt's size. The lowest ranges are named first; the others follow as the gaps between them close."""
MAX_RUNS = 16


def receipt_of(epoch: int, stored: Iterable[Span]) -> Receipt:
    """The receipt for an outbox of which `stored`, closed ranges in rising order, never touching, are held."""
    through = 0
    beyond: list[tuple[int, int]] = []
    for first, last in stored:
        if first <= through + 1:
            through = last
        elif len(beyond) < MAX_RANGES:
            beyond.append((first, last))
    return Receipt(epoch=epoch, through=through, beyond=tuple(beyond))


def to_be_named(receipt: Receipt, runs: Sequence[Span]) -> list[Span]:
    """Spans whose last known running hash is to stand on `receipt`: of each of its ranges the last of `runs`, which
    are what came of the outbox (what was given up is no part of them); of the first range the last `MAX_RUNS`."""
    named = [run for run in runs if run[1] <= receipt.through][-MAX_RUNS:]
    at = 0
    for first, last in receipt.beyond:
        within: Span | None = None
        while at < len(runs) and runs[at][1] <= last:
            within = runs[at] if runs[at][0] >= first else within
            at += 1
        if within is not None:
            named.append(within)
    return named


def given_up_within(receipt: Receipt, came: Sequence[Span]) -> tuple[Span, ...]:
    """What of the ranges of `receipt` never came, where `came` did: the highest `MAX_RANGES`, in rising order."""
    ranges = [(1, receipt.through), *receipt.beyond] if receipt.through else receipt.beyond
    return tuple(without(ranges, came))[-MAX_RANGES:]


def closed(multirange: str) -> list[Span]:
    """`{[1,21),[30,41)}`, as PostgreSQL writes it in rising order, as the closed ranges of the contract."""
    parts = multirange[2:-2].split("),[") if len(multirange) > len("{}") else []
    bounds = (part.split(",") for part in parts)
    return [(int(low), int(high) - 1) for low, high in bounds]


def holds(stored: Iterable[tuple[int, int]], first: int, last: int) -> bool:
    """Whether the numbers `first` to `last` are all in `stored`."""
    return any(low <= first and last <= high for low, high in stored)
