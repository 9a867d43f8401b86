"""A process counts in its memory; `kept` takes the counts to where the page finds them."""

import threading
from collections import Counter

import prometheus_client

REFUSED = prometheus_client.Counter("doorstep_refused", "What was refused, by kind", ["kind"])

_lock = threading.Lock()
_counted: Counter[str] = Counter()


def count_refusal(kind: str, times: int = 1) -> None:
    """From any thread. `kind` is one of our own words, such as `password`; never what somebody sent."""
    REFUSED.labels(kind).inc(times)
    with _lock:
        _counted[kind] += times


def take_counted() -> dict[str, int]:
    """What was counted since it was last taken."""
    with _lock:
        taken = dict(_counted)
        _counted.clear()
    return taken


def give_back(taken: dict[str, int]) -> None:
    """It could not be kept now."""
    with _lock:
        _counted.update(taken)
