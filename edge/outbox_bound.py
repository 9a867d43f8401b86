"""How much an outbox may hold, and the room it makes when that is too much: first what was delivered and is only kept,
then sensor values, measurements last.

Days bind only what sensors said: age is told by the gateway's clock, and a clock that leaps must cost no measurement.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge import given_up, outbox_kept
from edge.outbox_amount import Amount
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
    kept_days: float = 7.0
    """For readings that have their receipt (edge/outbox_kept.py)."""


DEFAULT_BOUND = OutboxBound()


class RoomMaker:
    """Works inside the outbox's transactions."""

    def __init__(self, db: sqlite3.Connection, bound: OutboxBound) -> None:
        self._db = db
        self._bound = bound
        self._aged_at: datetime | None = None
        self._page_bytes = int(db.execute("PRAGMA page_size").fetchone()[0])

    def make_room(self, now: datetime) -> Amount:
        """Deletes what is too much, notes it in the file, and says how much that was. `now` is the gateway's time."""
        return self._by_age(now) + self._by_bytes(now)

    def used_bytes(self) -> int:
        """Of the file: free pages are used again, and do not count."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _file_bytes(self) -> int:
        return int(self._db.execute("PRAGMA page_count").fetchone()[0]) * self._page_bytes

    def _by_age(self, now: datetime) -> Amount:
        if self._aged_at is not None and abs(now - self._aged_at) < AGE_LOOK:
            return Amount()
        self._aged_at = now
        outbox_kept.prune(self._db, now, self._bound.kept_days)
        oldest = (now - timedelta(days=self._bound.keep_days)).timestamp()
        total = Amount()
        for worth in (Worth.ENVIRONMENT, Worth.EVENT):
            while True:
                found = self._oldest(worth)
                old = [number for number, received_at in found if received_at < oldest]
                total += self._delete(worth, old, now)
                if len(old) < STEP:
                    break
        return total

    def _by_bytes(self, now: datetime) -> Amount:
        total = Amount()
        if self._file_bytes() <= self._bound.keep_bytes:  # with its free pages: one look, for this is asked at each put
            return total
        while self.used_bytes() > self._bound.keep_bytes and outbox_kept.give_way(self._db, STEP):
            pass
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

    def _delete(self, worth: Worth, numbers: Iterable[int], now: datetime) -> Amount:
        sizes = [
            size
            for number in numbers
            for (size,) in self._db.execute("DELETE FROM reading WHERE number = ? RETURNING length(body)", (number,))
        ]
        if sizes:
            given_up.note(self._db, worth, numbers, now)
        return Amount(len(sizes), sum(sizes))
