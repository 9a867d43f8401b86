"""The press on disk: buttons' counters and the calls that are open, in one SQLite file of their own.

The scanner's process writes presses, the alarm's process writes what became of them. The counter moves in the same
transaction that makes the call, so that a press is never half known: after a power cut it is either still to come
from the button's repeats, or a call that will be made.
"""

import sqlite3
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from edge.errors import Temporary
from edge.sqlite_file import open_beside, open_or_set_aside, transaction
from protocols.adverts.counter import CounterGuard
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS button (
    device      TEXT PRIMARY KEY,
    counter     INTEGER NOT NULL,
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
"""

_ROOM_BYTES = 512 * 1024
_ROOM_PAGES = 64


@dataclass(frozen=True)
class Call:
    """One alarm of this home, as its journal has it."""

    alarm: str
    kind: AlarmKind
    device: str
    raised_at: datetime
    state: AlarmState = AlarmState.RAISED
    attempts: int = 0
    presses: int = 1
    """Presses that were taken as this one call; more than one asks for the words to be said again."""
    by: str | None = None
    minutes: int | None = None


@dataclass(frozen=True)
class Pressed:
    alarm: str
    is_new: bool
    """False when the press belongs to a call that is open already."""


class StaleCounter(Exception):
    """The counter is not above the last one: a repeat of the same press, or a recording played back."""

    def __init__(self, counter: int, last: int) -> None:
        super().__init__(f"counter {counter} is not above {last}")
        self.is_repeat = counter == last


class AlarmJournal:
    """Each write is on the disk when the call returns. Safe to use from several threads and two processes."""

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        """`beside`: another process of this gateway has opened the file already, and answers for it.

        Raises Permanent where the file cannot be used. The other process sets a damaged file aside (`set_aside`).
        """
        self._lock = threading.RLock()
        self.set_aside: Path | None = None
        if beside:
            self._db = open_beside(path, _SCHEMA)
        else:
            self._db, self.set_aside = open_or_set_aside(path, _SCHEMA)
            self._keep_room()

    def _keep_room(self) -> None:
        """Pages of our own for the calls to come, in the file and in its log: who fills the disk silences nobody."""
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        if free >= _ROOM_PAGES:
            return
        try:
            with transaction(self._db):
                self._db.execute("CREATE TABLE room (bytes BLOB)")
                self._db.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM_BYTES,))
            with transaction(self._db):
                self._db.execute("DROP TABLE room")
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (Temporary, sqlite3.OperationalError) as error:  # full already: what is there must do
            _log.error("alarm_journal_room", problem=str(error))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def heard_counter(self, device: str, counter: int) -> None:
        """A frame without a press (a heartbeat): its counter is used up all the same. Raises StaleCounter."""
        with self._lock, transaction(self._db):
            self._accept(device, counter)

    def press(
        self,
        device: str,
        kind: AlarmKind,
        counter: int,
        *,
        raised_at: datetime,
        pressed_at_s: float,
        same_press_s: float,
    ) -> Pressed:
        """The call that this press makes or repeats. Raises StaleCounter for a frame that was heard before.

        A press within `same_press_s` of the button's last one (wall clock) belongs to that call while it is open.
        """
        with self._lock, transaction(self._db):
            self._accept(device, counter)
            last = self._db.execute(
                "SELECT button.alarm, pressed_at FROM button JOIN alarm ON alarm.alarm = button.alarm "
                "WHERE button.device = ? AND alarm.state <> 'closed'",
                (device,),
            ).fetchone()
            if last is not None and 0 <= pressed_at_s - last[1] < same_press_s:
                alarm: str = last[0]
                self._db.execute("UPDATE alarm SET presses = presses + 1 WHERE alarm = ?", (alarm,))
            else:
                last = None
                alarm = str(uuid.uuid4())
                self._db.execute(
                    "INSERT INTO alarm (alarm, kind, device, raised_at, state) VALUES (?, ?, ?, ?, ?)",
                    (alarm, kind.value, device, raised_at.isoformat(), AlarmState.RAISED.value),
                )
            self._db.execute(
                "UPDATE button SET alarm = ?, pressed_at = ? WHERE device = ?", (alarm, pressed_at_s, device)
            )
            return Pressed(alarm, last is None)

    def open_calls(self) -> list[Call]:
        with self._lock:
            rows = self._db.execute(
                "SELECT alarm, kind, device, raised_at, state, attempts, presses, spoken_by, minutes "
                "FROM alarm WHERE state <> 'closed' ORDER BY raised_at, alarm"
            ).fetchall()
        return [
            Call(row[0], AlarmKind(row[1]), row[2], datetime.fromisoformat(row[3]), AlarmState(row[4]), *row[5:])
            for row in rows
        ]

    def move(self, call: Call) -> None:
        """Writes state, attempts and who has it; never what the other process counts (`presses`)."""
        with self._lock, transaction(self._db):
            self._db.execute(
                "UPDATE alarm SET state = ?, attempts = ?, spoken_by = ?, minutes = ? WHERE alarm = ?",
                (call.state.value, call.attempts, call.by, call.minutes, call.alarm),
            )

    @property
    def line_connected(self) -> bool:
        """Whether the alarm's own connection stood when its process last said so."""
        with self._lock:
            return bool(self._db.execute("SELECT connected FROM line").fetchone()[0])

    def set_line_connected(self, connected: bool) -> None:
        with self._lock, transaction(self._db):
            self._db.execute("UPDATE line SET connected = ?", (int(connected),))

    def _accept(self, device: str, counter: int) -> None:
        row = self._db.execute("SELECT counter FROM button WHERE device = ?", (device,)).fetchone()
        last: int | None = None if row is None else row[0]
        if not CounterGuard(last).accept(counter):
            raise StaleCounter(counter, last or 0)
        self._db.execute(
            "INSERT INTO button (device, counter) VALUES (?, ?) "
            "ON CONFLICT (device) DO UPDATE SET counter = excluded.counter",
            (device, counter),
        )
