"""The alarm journal's file: its tables, room of its own for the calls to come, and opened late where the disk is full.

A gateway that starts while its disk is full to the last byte may not even open the file. Nobody is to wait with a dead
button for that: calls live in memory meanwhile (`calling`), and the file is opened as soon as there is room.
"""

import sqlite3
import threading
import time
from pathlib import Path

import structlog

from edge.errors import Permanent, Temporary
from edge.sqlite_file import open_beside, open_or_set_aside, transaction

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS button (
    device      TEXT PRIMARY KEY,
    counter     INTEGER NOT NULL,   -- 0 where the device has none
    alarm       TEXT,               -- the last call it made
    pressed_at  REAL                -- Unix seconds of the wall clock
);
CREATE TABLE IF NOT EXISTS alarm (
    alarm       TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    device      TEXT NOT NULL,
    raised_at   TEXT NOT NULL,      -- ISO 8601, UTC
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    presses     INTEGER NOT NULL DEFAULT 1,
    spoken_by   TEXT,
    minutes     INTEGER
);
CREATE INDEX IF NOT EXISTS alarm_open ON alarm (state) WHERE state <> 'closed';
CREATE TABLE IF NOT EXISTS line (one INTEGER PRIMARY KEY CHECK (one = 1), connected INTEGER NOT NULL);
INSERT OR IGNORE INTO line VALUES (1, 0);
CREATE TABLE IF NOT EXISTS drill (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    not_before  TEXT NOT NULL,      -- ISO 8601, UTC, as all below
    next_at     TEXT NOT NULL,
    answered_at TEXT,
    answered_by TEXT NOT NULL,
    failed_at   TEXT
);
CREATE TABLE IF NOT EXISTS proving (one INTEGER PRIMARY KEY CHECK (one = 1), until REAL NOT NULL);  -- Unix seconds
CREATE TABLE IF NOT EXISTS trouble (part TEXT PRIMARY KEY, sentence TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ask (        -- requests to measure again
    ask         INTEGER PRIMARY KEY,    -- the centre's number
    metric      TEXT NOT NULL,
    why         TEXT NOT NULL,
    until       REAL NOT NULL,          -- Unix seconds by the gateway's clock, as below
    became      TEXT,
    became_at   REAL
);
"""

_LATER_COLUMNS = {
    "first_pressed_at": "REAL",  # Unix seconds of the wall clock
    "cancelled": "INTEGER NOT NULL DEFAULT 0",
    "cancel_heard": "INTEGER NOT NULL DEFAULT 0",
    "test": "INTEGER NOT NULL DEFAULT 0",
}
"""Of `alarm`, in journals that an earlier version began."""

_ROOM_BYTES = 512 * 1024
_ROOM_PAGES = 64


class JournalFile:
    """From any thread."""

    def __init__(self, path: Path, *, beside: bool) -> None:
        """Raises Permanent where the file cannot be used for another reason than a full disk."""
        self._lock = threading.RLock()
        self._path = path
        self._beside = beside
        self.set_aside: Path | None = None
        self._open_db: sqlite3.Connection | None = None
        self._no_room: Temporary | None = None
        self._next_try_s = 0.0
        try:
            self._open_db = self._open()
        except Temporary as error:
            self._wait_with(error)

    @property
    def db(self) -> sqlite3.Connection:
        """Raises Temporary while there is no room to open the file; tries again as often as that says."""
        with self._lock:
            if self._open_db is not None:
                return self._open_db
            if self._no_room is not None and time.monotonic() < self._next_try_s:
                raise self._no_room
            try:
                self._open_db = self._open()
            except Temporary as error:
                self._wait_with(error)
                raise
            except Permanent as error:  # it was not the room alone: who calls must be heard all the same
                raise Temporary(str(error), retry_after_s=1.0) from error
            self._no_room = None
            _log.info("alarm_journal_opened", path=str(self._path))
            return self._open_db

    @property
    def problem(self) -> str | None:
        """Why nothing can be written down at all, in a sentence; None where the file is open."""
        with self._lock:
            return None if self._no_room is None else str(self._no_room)

    def close(self) -> None:
        with self._lock:
            if self._open_db is not None:
                self._open_db.close()

    def _wait_with(self, error: Temporary) -> None:
        if self._no_room is None:
            _log.error("alarm_journal", problem=str(error))
        self._no_room, self._next_try_s = error, time.monotonic() + error.retry_after_s

    def _open(self) -> sqlite3.Connection:
        if self._beside:
            db = open_beside(self._path, _SCHEMA)
        else:
            db, self.set_aside = open_or_set_aside(self._path, _SCHEMA)
        try:
            if not self._beside:
                _keep_room(db)
            with transaction(db):
                known = {row[1] for row in db.execute("PRAGMA table_info(alarm)")}
                for name in _LATER_COLUMNS.keys() - known:
                    db.execute(f"ALTER TABLE alarm ADD COLUMN {name} {_LATER_COLUMNS[name]}")
        except BaseException:
            db.close()
            raise
        return db


def _keep_room(db: sqlite3.Connection) -> None:
    """Pages of our own for the calls to come, in the file and in its log: who fills the disk silences nobody."""
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    if free >= _ROOM_PAGES:
        return
    try:
        with transaction(db):
            db.execute("CREATE TABLE room (bytes BLOB)")
            db.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM_BYTES,))
        with transaction(db):
            db.execute("DROP TABLE room")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except (Temporary, sqlite3.OperationalError) as error:  # full already: what is there must do
        _log.error("alarm_journal_room", problem=str(error))
