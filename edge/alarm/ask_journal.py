"""Requests to measure again, in the alarm journal's file: the gateway's process writes what came, the alarm's what
became of it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.alarm.journal_file import JournalFile
from edge.errors import Temporary
from edge.sqlite_file import transaction
from protocols.reading import Metric
from protocols.telemetry.measuring_again import Asked, Became, MeasureAgainMessage

KEPT = timedelta(days=7)
"""What was settled so long ago the centre sends no more."""
TOLD = 8
"""So many of the last stand in each heartbeat."""


@dataclass(frozen=True)
class OpenAsk:
    ask: int
    metric: Metric
    why: str
    until: datetime


class AskJournal:
    """Each write is on the disk when the call returns. From any thread of the gateway's two processes."""

    def __init__(self, path: Path) -> None:
        """`path`: of the alarm journal, which another part of this gateway has opened."""
        self._lock = threading.Lock()
        self._file = JournalFile(path, beside=True)

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def take(self, message: MeasureAgainMessage, now: datetime) -> bool:
        """Whether it is new; one that is known changes nothing. Raises Temporary."""
        with self._writing() as db:
            db.execute("DELETE FROM ask WHERE became_at < ?", ((now - KEPT).timestamp(),))
            cursor = db.execute(
                "INSERT OR IGNORE INTO ask (ask, metric, why, until) VALUES (?, ?, ?, ?)",
                (message.ask, message.metric.value, message.why, message.until.timestamp()),
            )
            return cursor.rowcount > 0

    def open(self) -> list[OpenAsk]:
        """Of which nothing has become yet, the newest first. Raises Temporary."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT ask, metric, why, until FROM ask WHERE became IS NULL ORDER BY until DESC, ask DESC"
            ).fetchall()
        return [OpenAsk(row[0], Metric(row[1]), row[2], _time(row[3])) for row in rows]

    def settle(self, ask: int, became: Became, at: datetime) -> None:
        """Raises Temporary."""
        with self._writing() as db:
            db.execute(
                "UPDATE ask SET became = ?, became_at = ? WHERE ask = ? AND became IS NULL",
                (became.value, at.timestamp(), ask),
            )

    def settled(self) -> tuple[Asked, ...]:
        """The last few, the newest first. Raises Temporary."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT ask, became, became_at FROM ask WHERE became IS NOT NULL ORDER BY became_at DESC LIMIT ?",
                (TOLD,),
            ).fetchall()
        return tuple(Asked(ask=row[0], became=Became(row[1]), at=_time(row[2])) for row in rows)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._file.db
        except sqlite3.DatabaseError as error:
            raise Temporary(f"the alarm journal cannot be used: {error}", retry_after_s=1.0) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db, transaction(db):
            yield db


def _time(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
