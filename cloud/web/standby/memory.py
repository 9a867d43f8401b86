"""What the pages remember of the database, in a file beside the desk's journal: it outlives this process.

Sessions are remembered by the SHA-256 of their token, never by the token. The file is readable by its owner only; what
it holds, the database holds too. Losing it costs nothing while the database answers.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from cloud.web.card.model import Basics
from cloud.web.entry.model import Viewer
from cloud.web.live.model import HomeEntry

log = structlog.get_logger()

T = TypeVar("T")

FILE = "pages.db"
TRUSTED = timedelta(hours=12)
"""Who was let in by the database within this time is let in while it is away."""
_REMEMBER_AGAIN = timedelta(minutes=5)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS remembered (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key)
);
"""


class _Session(msgspec.Struct, frozen=True):
    viewer: Viewer
    seen_at: datetime


class Memory:
    """With `folder` None it remembers until the process ends. Its calls take milliseconds."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._db = _open(folder)
        self._sessions = dict(self._all("session", _Session))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def remember_viewer(self, token_hash: bytes, viewer: Viewer, now: datetime) -> None:
        """The database has just said who holds this session."""
        key = token_hash.hex()
        known = self._sessions.get(key)
        if known is not None and known.viewer == viewer and now - known.seen_at < _REMEMBER_AGAIN:
            return
        self._sessions[key] = _Session(viewer, now)
        for old in [key for key, session in self._sessions.items() if now - session.seen_at > TRUSTED]:
            del self._sessions[old]
            self._forget("session", old)
        self._keep("session", {key: self._sessions[key]})

    def forget_viewer(self, token_hash: bytes) -> None:
        if self._sessions.pop(token_hash.hex(), None) is not None:
            self._forget("session", token_hash.hex())

    def forget_staff(self, staff_id: int) -> None:
        """They signed out everywhere."""
        for key in [key for key, session in self._sessions.items() if session.viewer.staff.staff_id == staff_id]:
            del self._sessions[key]
            self._forget("session", key)

    def viewer(self, token_hash: bytes, now: datetime) -> Viewer | None:
        session = self._sessions.get(token_hash.hex())
        return session.viewer if session is not None and now - session.seen_at <= TRUSTED else None

    def remember_homes(self, homes: Iterable[HomeEntry]) -> None:
        """All there are: what is no longer among them is forgotten."""
        self._keep_only("home", {home.gateway_id: home for home in homes})

    def homes(self) -> list[HomeEntry]:
        return [home for _, home in self._all("home", HomeEntry)]

    def remember_basics(self, elders: Iterable[Basics]) -> None:
        """All there are: who was erased meanwhile is forgotten here too."""
        self._keep_only("elder", {str(elder.person.elder_id): elder for elder in elders})

    def basics(self, elder_id: int, regions: frozenset[int]) -> Basics | None:
        """What a card says of an elder without the database; None outside of `regions`."""
        with self._lock, suppress(sqlite3.Error):
            row = self._db.execute(
                "SELECT value FROM remembered WHERE kind = 'elder' AND key = ?", (str(elder_id),)
            ).fetchone()
            if row is not None:
                found = msgspec.json.decode(row[0], type=Basics)
                return found if found.person.region_id in regions else None
        return None

    def _keep_only(self, kind: str, values: Mapping[str, object]) -> None:
        known: set[str] = set()
        with self._lock, suppress(sqlite3.Error):
            known = {key for (key,) in self._db.execute("SELECT key FROM remembered WHERE kind = ?", (kind,))}
        for key in known - values.keys():
            self._forget(kind, key)
        self._keep(kind, values)

    def _keep(self, kind: str, values: Mapping[str, object]) -> None:
        rows = [(kind, key, msgspec.json.encode(value)) for key, value in values.items()]
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._db.rollback()
                log.warning("not_remembered", kind=kind, problem=str(error))

    def _forget(self, kind: str, key: str) -> None:
        with self._lock, suppress(sqlite3.Error):
            self._db.execute("DELETE FROM remembered WHERE kind = ? AND key = ?", (kind, key))

    def _all(self, kind: str, of: type[T]) -> list[tuple[str, T]]:
        with self._lock:
            rows = self._db.execute("SELECT key, value FROM remembered WHERE kind = ?", (kind,)).fetchall()
        found = []
        for key, value in rows:
            with suppress(msgspec.MsgspecError):  # written by another version
                found.append((key, msgspec.json.decode(value, type=of)))
        return found


def _open(folder: Path | None) -> sqlite3.Connection:
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(folder / FILE, timeout=5, check_same_thread=False, isolation_level=None)
            (folder / FILE).chmod(0o600)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left lying in the file
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            log.error("pages_memory", problem=str(error), what="remembered until this process ends")  # noqa: TRY400
        else:
            return db
    db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    db.executescript(_SCHEMA)
    return db
