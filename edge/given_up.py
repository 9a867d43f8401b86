"""What a full outbox deleted undelivered: the numbers that the centre has to be told, and counts for people.

Part of the outbox's file. Every function runs in a transaction of the outbox's, or reads.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from protocols.telemetry.messages import GivenUp
from protocols.telemetry.worth import Worth

SCHEMA = """
CREATE TABLE IF NOT EXISTS given_up_range (     -- numbers of which the centre does not know yet
    first       INTEGER PRIMARY KEY,
    last        INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS given_up_count (
    worth       TEXT PRIMARY KEY,               -- protocols.telemetry.worth.Worth
    readings    INTEGER NOT NULL,
    since       REAL NOT NULL,                  -- Unix seconds
    last_at     REAL NOT NULL
);
"""


def note(db: sqlite3.Connection, worth: Worth, numbers: Iterable[int], at: datetime) -> None:
    """The readings under `numbers` were deleted. `at` is the gateway's time."""
    count = 0
    for first, last in _ranges(numbers):
        _add(db, first, last)
        count += last - first + 1
    db.execute(
        "INSERT INTO given_up_count VALUES (?, ?, ?, ?) ON CONFLICT (worth) DO UPDATE "
        "SET readings = readings + excluded.readings, last_at = excluded.last_at",
        (worth.value, count, at.timestamp(), at.timestamp()),
    )


def untold(db: sqlite3.Connection, limit: int) -> tuple[tuple[int, int], ...]:
    """The lowest `limit` closed ranges of which no receipt says that the centre knows."""
    return tuple(db.execute("SELECT first, last FROM given_up_range ORDER BY first LIMIT ?", (limit,)).fetchall())


def settle(db: sqlite3.Connection, first: int, last: int) -> None:
    """The centre knows of `first` to `last`. A range that it knows in part is told again whole."""
    db.execute("DELETE FROM given_up_range WHERE first >= ? AND last <= ?", (first, last))


def forget_numbers(db: sqlite3.Connection) -> None:
    """The numbers mean nothing any longer: a new epoch begins. The counts stay."""
    db.execute("DELETE FROM given_up_range")


def counts(db: sqlite3.Connection) -> tuple[GivenUp, ...]:
    """Since the outbox was made, what is given up first standing first. Empty for a file of an earlier version."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'given_up_count'").fetchone() is None:
        return ()
    rows = db.execute("SELECT worth, readings, since, last_at FROM given_up_count").fetchall()
    found = {
        Worth(worth): GivenUp(
            worth=Worth(worth),
            readings=readings,
            since=datetime.fromtimestamp(since, UTC),
            last_at=datetime.fromtimestamp(last_at, UTC),
        )
        for worth, readings, since, last_at in rows
    }
    return tuple(found[worth] for worth in Worth if worth in found)


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] + 1 == number:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _add(db: sqlite3.Connection, first: int, last: int) -> None:
    """Joins the range with the ones that it touches."""
    before = db.execute(
        "SELECT first, last FROM given_up_range WHERE first < ? ORDER BY first DESC LIMIT 1", (first,)
    ).fetchone()
    after = db.execute("SELECT last FROM given_up_range WHERE first = ?", (last + 1,)).fetchone()
    if after is not None:
        db.execute("DELETE FROM given_up_range WHERE first = ?", (last + 1,))
        last = after[0]
    if before is not None and before[1] + 1 == first:
        db.execute("UPDATE given_up_range SET last = ? WHERE first = ?", (last, before[0]))
    else:
        db.execute("INSERT INTO given_up_range VALUES (?, ?)", (first, last))
