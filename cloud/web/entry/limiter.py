"""Slows down guessing of passwords: a few tries a minute for each login and for each address."""

import time
from collections import deque
from collections.abc import Callable, Hashable

TRIES = 8
WINDOW_S = 60.0
_MOST_KEYS = 10_000


class Limiter:
    """Counts failures in memory; a restart forgives."""

    def __init__(
        self, tries: int = TRIES, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tries = tries
        self._window_s = window_s
        self._clock = clock
        self._failures: dict[Hashable, deque[float]] = {}

    def wait_s(self, *keys: Hashable) -> float:
        """Seconds until one more try is allowed for all `keys`; 0 when it is now."""
        now = self._clock()
        longest = 0.0
        for key in keys:
            failures = self._fresh(key, now)
            if len(failures) >= self._tries:
                longest = max(longest, failures[0] + self._window_s - now)
        return longest

    def failed(self, *keys: Hashable) -> None:
        now = self._clock()
        if len(self._failures) > _MOST_KEYS:
            self._failures = {key: times for key, times in self._failures.items() if self._fresh(key, now)}
        for key in keys:
            self._failures.setdefault(key, deque(maxlen=self._tries)).append(now)

    def succeeded(self, *keys: Hashable) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _fresh(self, key: Hashable, now: float) -> deque[float]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] <= now - self._window_s:
            failures.popleft()
        return failures
