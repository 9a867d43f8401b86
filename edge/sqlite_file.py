"""SQLite files that survive a power cut: opened durable, set aside when damaged, held by one process."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import structlog

from edge.errors import Permanent, Temporary

_log = structlog.get_logger()

BUSY_S = 5.0
_ROOM_TO_OPEN_BYTES = 256 * 1024


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE ... COMMIT, rolled back on any error; joins one that is open already.

    A full disk or a busy file is raised as Temporary: the caller keeps what it has and tries again.
    """
    if db.in_transaction:
        yield
        return
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException as error:
        db.rollback()  # does nothing where no transaction was begun
        if not isinstance(error, sqlite3.OperationalError):
            raise
        raise Temporary(f"the gateway's disk does not take it: {error}", retry_after_s=5.0) from error


@contextmanager
def open_durable(path: Path, *, read_only: bool) -> Iterator[sqlite3.Connection]:
    """A connection for one look at a file that another process may be writing.

    Raises Permanent with a sentence where the file is missing, damaged or of another kind.
    """
    if not path.exists():
        raise Permanent(f"{path} does not exist: no gateway has run with this data folder yet")
    mode = "ro" if read_only else "rw"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=BUSY_S)) as db:
            yield db
    except sqlite3.Error as error:
        raise Permanent(f"{path} cannot be read: {error}") from error


def open_beside(path: Path, schema: str) -> sqlite3.Connection:
    """The file at `path`, which another process of this gateway holds open: a damaged one stays where it is.

    Raises Permanent with a sentence where it cannot be used, Temporary where the disk has no room to open it.
    """
    try:
        return _opened(path, schema)
    except sqlite3.DatabaseError as error:
        _raise_without_room(path, error)
        raise Permanent(f"{path} cannot be used: {error}") from error


def open_or_set_aside(path: Path, schema: str) -> tuple[sqlite3.Connection, Path | None]:
    """The file at `path` with `schema` applied, for use from any thread, and where a damaged one was put, or None.

    Raises Permanent where the folder cannot be written, Temporary where the disk has no room to open it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Permanent(f"{path.parent} cannot be made: {error.strerror}; choose another data folder") from error
    try:
        return _opened(path, schema), None
    except sqlite3.OperationalError as error:
        _raise_without_room(path, error)
        raise Permanent(f"{path} cannot be opened: {error}; is the folder writable, the disk full?") from error
    except sqlite3.DatabaseError as error:
        aside = _set_aside(path)
        _log.error("file_damaged", path=str(path), problem=str(error), set_aside=str(aside))
        return _opened(path, schema), aside


def _raise_without_room(path: Path, error: sqlite3.DatabaseError) -> None:
    """A full disk says itself, or that it fails, or that a file cannot be made."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    disk = os.statvfs(path.parent)
    full = disk.f_bavail * disk.f_frsize < _ROOM_TO_OPEN_BYTES
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or (full and code == sqlite3.SQLITE_CANTOPEN):
        raise Temporary(f"the gateway's disk has no room to open {path.name}: {error}", retry_after_s=1.0) from error


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        _check(db)
        db.executescript(schema)
    except BaseException:
        db.close()
        raise
    path.chmod(0o600)
    return db


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _set_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")
    path.rename(aside)
    for tail in ("-wal", "-shm"):
        companion = path.with_name(path.name + tail)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + tail))
    return aside


def hold_alone(path: Path) -> IO[str]:
    """A lock file, held as long as the returned file is open. Raises Permanent when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("a", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Permanent(f"{path}: another gateway process works with this data folder; stop it first") from error
    return file
