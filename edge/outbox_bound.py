"""How much an outbox may hold, and the room it makes when that is too much: sensor values first, measurements last.

Days bind only what sensors said: age is told by the gateway's clock, and a clock that leaps must cost no measurement.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge import given_up
from protocols.telemetry.worth import METRICS_OF, Worth

STEP = 500
"""Readings given up at once: room for a while, and not more than a few hours of a home's sensors."""
AGE_LOOK = timedelta(hours=1)
"""How often ages are looked at."""


@dataclass(frozen=True)
class OutboxBound:
    keep_days: float = 30.0
    """For values of sensors and events made of them."""
    keep_bytes: int = 512 * 1_000_000
    """Of the file, without its journal."""


DEFAULT_BOUND = OutboxBound()


@dataclass(frozen=True)
class Deleted:
    rows: int = 0
    bytes: int = 0

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(self.rows + other.rows, self.bytes + other.bytes)


class RoomMaker:
    """Works inside the outbox's transactions."""

    def __init__(self, db: sqlite3.Connection, bound: OutboxBound) -> None:
        self._db = db
        self._bound = bound
        self._aged_at: datetime | None = None

    def make_room(self, now: datetime) -> Deleted:
        """Deletes what is too much, notes it in the file, and says how much that was. `now` is the gateway's time."""
        return self._by_age(now) + self._by_bytes(now)

    def used_bytes(self) -> int:
        """Of the file: free pages are used again, and do not count."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _by_age(self, now: datetime) -> Deleted:
        if self._aged_at is not None and abs(now - self._aged_at) < AGE_LOOK:
            return Deleted()
        self._aged_at = now
        oldest = (now - timedelta(days=self._bound.keep_days)).timestamp()
        total = Deleted()
        for worth in (Worth.ENVIRONMENT, Worth.EVENT):
            while True:
                found = self._oldest(worth)
                old = [number for number, received_at in found if received_at < oldest]
                total += self._delete(worth, old, now)
                if len(old) < STEP:
                    break
        return total

    def _by_bytes(self, now: datetime) -> Deleted:
        total = Deleted()
        for worth in Worth:
            while self.used_bytes() > self._bound.keep_bytes:
                found = self._oldest(worth)
                if not found:
                    break
                total += self._delete(worth, [number for number, _ in found], now)
        return total

    def _oldest(self, worth: Worth) -> list[tuple[int, float]]:
        metrics = sorted(METRICS_OF[worth])
        marks = ", ".join("?" * len(metrics))
        rows = self._db.execute(
            f"SELECT number, received_at FROM reading WHERE metric IN ({marks}) ORDER BY number LIMIT ?",  # noqa: S608 - marks only
            (*metrics, STEP),
        )
        return rows.fetchall()

    def _delete(self, worth: Worth, numbers: Iterable[int], now: datetime) -> Deleted:
        sizes = [
            size
            for number in numbers
            for (size,) in self._db.execute("DELETE FROM reading WHERE number = ? RETURNING length(body)", (number,))
        ]
        if sizes:
            given_up.note(self._db, worth, numbers, now)
        return Deleted(len(sizes), sum(sizes))
