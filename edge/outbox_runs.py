"""Runs of numbers of an outbox, and whether a receipt covers one. Pure."""

from edge.outbox import Numbered
from protocols.telemetry.messages import Receipt


def contiguous_runs(rows: list[Numbered]) -> list[list[Numbered]]:
    """`rows`, in order, cut where a number is missing."""
    runs: list[list[Numbered]] = []
    for row in rows:
        if runs and runs[-1][-1].number + 1 == row.number:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def covers(receipt: Receipt, first: int, last: int) -> bool:
    """True when `receipt` says that all of `first`..`last` is stored."""
    if any(low <= last and first <= high for low, high in receipt.given_up):
        return False
    return last <= receipt.through or any(low <= first and last <= high for low, high in receipt.beyond)
