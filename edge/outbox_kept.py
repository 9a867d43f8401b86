"""Readings that the centre has, kept for a while: a database that was restored from an older copy gets them again.

Such a database counts itself up (`Receipt.store`); its first receipt then says what it lacks. Kept readings are the
first to go when the outbox is full. Every function runs in a transaction of the outbox's.
"""

import sqlite3
from datetime import datetime, timedelta

from edge.outbox_amount import Amount
from protocols.telemetry.messages import Receipt
from protocols.telemetry.spans import without

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (               -- rows of `reading` that have their receipt
    number      INTEGER PRIMARY KEY,
    device      TEXT NOT NULL,
    metric      TEXT NOT NULL,
    record_key  INTEGER NOT NULL,
    received_at REAL NOT NULL,
    body        BLOB NOT NULL,
    before      BLOB,
    kept_at     REAL NOT NULL,                  -- Unix seconds: when the receipt came
    proven      INTEGER NOT NULL DEFAULT 0      -- 1: it named our own running hash
);
CREATE TABLE IF NOT EXISTS told_range (         -- numbers given up, of which that database knows
    first       INTEGER PRIMARY KEY,
    last        INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS centre (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    store       INTEGER NOT NULL                -- Receipt.store of the newest receipt that was taken
);
INSERT OR IGNORE INTO centre VALUES (1, 0);
"""


def store(db: sqlite3.Connection) -> int:
    """Which database gave the newest receipt; 0 before the first."""
    known: int = db.execute("SELECT store FROM centre").fetchone()[0]
    return known


def prepare(db: sqlite3.Connection) -> None:
    """Brings the table of an earlier version up to this."""
    if "proven" not in {column[1] for column in db.execute("PRAGMA table_info(kept)")}:
        db.execute("ALTER TABLE kept ADD COLUMN proven INTEGER NOT NULL DEFAULT 0")


def keep(db: sqlite3.Connection, first: int, last: int, at: datetime, *, proven: bool) -> None:
    """The waiting readings `first` to `last` have their receipt at `at`, and are about to be deleted."""
    db.execute(
        "INSERT OR REPLACE INTO kept (number, device, metric, record_key, received_at, body, before, kept_at, proven) "
        "SELECT number, device, metric, record_key, received_at, body, before, ?, ? "
        "FROM reading WHERE number BETWEEN ? AND ?",
        (at.timestamp(), proven, first, last),
    )
    settle(db, first, last)


def settle(db: sqlite3.Connection, first: int, last: int) -> None:
    """That the numbers `first` to `last` were given up is known, and about to be deleted."""
    db.execute(
        "INSERT OR REPLACE INTO told_range SELECT first, last FROM given_up_range WHERE first >= ? AND last <= ?",
        (first, last),
    )


def follow(db: sqlite3.Connection, receipt: Receipt) -> Amount:
    """Another database answers: what was kept and it does not have waits again. Returns how much that is."""
    db.execute("UPDATE centre SET store = ?", (receipt.store,))
    back = Amount()
    has = without([(1, receipt.through), *sorted(receipt.beyond)], sorted(receipt.given_up))
    for first, last in without([(1, 2**62)], has):
        back += _bring_back(db, first, last)
    return back


def begin_anew(db: sqlite3.Connection, said_by: int) -> Amount:
    """The numbers mean nothing any longer: a new epoch begins. What is not proven to be stored in the database
    `said_by` waits again."""
    if said_by == store(db):
        db.execute("DELETE FROM kept WHERE proven")
    db.execute("UPDATE centre SET store = ?", (said_by,))
    back = _bring_back(db, 0, 2**62)
    db.execute("DELETE FROM told_range")
    return back


def prune(db: sqlite3.Connection, now: datetime, keep_days: float) -> None:
    db.execute("DELETE FROM kept WHERE kept_at < ?", ((now - timedelta(days=keep_days)).timestamp(),))


def give_way(db: sqlite3.Connection, rows: int) -> bool:
    """Deletes the oldest `rows`; False when none was left."""
    gone = db.execute("DELETE FROM kept WHERE number IN (SELECT number FROM kept ORDER BY number LIMIT ?)", (rows,))
    return gone.rowcount > 0


def count(db: sqlite3.Connection) -> int:
    rows: int = db.execute("SELECT count(*) FROM kept").fetchone()[0]
    return rows


def _bring_back(db: sqlite3.Connection, first: int, last: int) -> Amount:
    if first > last:
        return Amount()
    db.execute(
        "INSERT OR IGNORE INTO reading (number, device, metric, record_key, received_at, body, before) "
        "SELECT number, device, metric, record_key, received_at, body, before FROM kept WHERE number BETWEEN ? AND ?",
        (first, last),
    )
    gone = db.execute("DELETE FROM kept WHERE number BETWEEN ? AND ? RETURNING length(body)", (first, last)).fetchall()
    db.execute(
        "INSERT OR IGNORE INTO given_up_range SELECT first, last FROM told_range WHERE last >= ? AND first <= ?",
        (first, last),
    )
    db.execute("DELETE FROM told_range WHERE last >= ? AND first <= ?", (first, last))
    return Amount(len(gone), sum(size for (size,) in gone))
