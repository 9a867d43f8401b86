"""Who puts readings at the same moment is written in one transaction: most of a write is waiting for the disk."""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from edge.errors import EdgeError


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reading on its way into the file."""

    key: tuple[str, str, int]
    """Device, metric and record key."""
    received_at: datetime
    body: bytes
    digest: bytes


Write = Callable[[Sequence[Sequence[Prepared]]], Sequence[int]]
"""Makes all of it durable and gives how many of each were new; or raises, and has written nothing."""


class _Request:
    def __init__(self, readings: Sequence[Prepared]) -> None:
        self.readings = readings
        self.new: int | None = None
        self.failure: Exception | None = None


class Together:
    """For any number of threads. Whoever has the lock writes for all that wait for it."""

    def __init__(self, lock: AbstractContextManager[bool], write: Write) -> None:
        self._lock = lock
        self._write = write
        self._waiting: deque[_Request] = deque()

    def put(self, readings: Sequence[Prepared]) -> int:
        """How many of `readings` were new, when they are written. Raises what `write` raises."""
        request = _Request(readings)
        self._waiting.append(request)
        with self._lock:
            if request.new is None and request.failure is None:
                others = [self._waiting.popleft() for _ in range(len(self._waiting))]
                # It is among them, unless a thread that was torn away in the middle had taken it.
                self._settle(others if request in others else [*others, request])
        if request.failure is not None:
            raise request.failure
        return request.new or 0

    def _settle(self, requests: Sequence[_Request]) -> None:
        try:
            news = self._write([request.readings for request in requests])
        except (EdgeError, sqlite3.Error) as error:  # of the disk or the file, and so the same for all
            for request in requests:
                request.failure = error
        else:
            for request, new in zip(requests, news, strict=True):
                request.new = new
