"""Waiting for something to become true, with a child's death noticed and a sentence when it never does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_S = 0.05


class NeverHappened(RuntimeError):
    """What the demonstration waited for did not come in time."""


def wait_for(what: str, look: Callable[[], T | None], *, within_s: float, check: Callable[[], None]) -> T:
    """The first value of `look` that is neither None nor False; `check` is called between looks and may raise."""
    deadline = time.monotonic() + within_s
    while True:
        value = look()
        if value is not None and value is not False:
            return value
        check()
        if time.monotonic() > deadline:
            raise NeverHappened(f"waited {within_s:.0f} s for {what}")
        time.sleep(POLL_S)
