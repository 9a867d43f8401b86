"""The desk's journal: a SQLite file beside the desk, which keeps alarms and takes while the database is away.

Every process of the desk on this machine opens the same file. `holder` has one row an alarm: the constraint by which
two desks never both take it, whether the database answers one of them, both or none. A step is written here before
the database is asked (`begin`). Then the database has it (`settle`), or refuses it (`refuse`), or is away: then the
step stands by this file alone (`stand`), the home is told, and the alarms' worker brings it to the database later, in
the order in which it was done.

Each write is on the disk when the call returns. Calls take milliseconds, or up to 5 s where another process writes.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from cloud.alarms.model import Act, Doing, HeldByAnother, Holder, KeptAlarm
from cloud.errors import CloudError, Conflict
from protocols.telemetry.messages import AlarmMessage, decode, encode

log = structlog.get_logger()

FILE = "desk.db"
_BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept_alarm (      -- messages of homes that the database has not got yet
    alarm     TEXT NOT NULL,
    cancelled INTEGER NOT NULL,
    gateway   TEXT NOT NULL,
    message   BLOB NOT NULL,
    heard_at  TEXT NOT NULL,                 -- ISO 8601, UTC, like all times here
    told_at   TEXT,                          -- when the home was told that the centre has it
    PRIMARY KEY (alarm, cancelled)
);
CREATE TABLE IF NOT EXISTS known_gateway (gateway TEXT PRIMARY KEY);  -- registered when the database last said so
CREATE TABLE IF NOT EXISTS holder (          -- who has an alarm, as far as this machine knows
    alarm     TEXT PRIMARY KEY,
    staff_id  INTEGER NOT NULL,
    name      TEXT NOT NULL,
    at        TEXT NOT NULL,
    closed    INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS act (             -- steps that the database has not confirmed yet
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    alarm     TEXT NOT NULL,
    gateway   TEXT NOT NULL,
    doing     TEXT NOT NULL,
    staff_id  INTEGER NOT NULL,
    name      TEXT NOT NULL,
    at        TEXT NOT NULL,
    minutes   INTEGER,
    reason    TEXT,
    note      TEXT NOT NULL,
    stands    INTEGER NOT NULL DEFAULT 0,    -- the database was away: this file answers for the step
    told_at   TEXT
);
"""


class JournalFails(CloudError):
    """The disk does not take it: full, or broken. Nothing was kept."""


class DoneBefore(Conflict):
    """The same person closed the alarm already, and the database has that: it says for what reason."""


class DeskJournal:
    """Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Opens, or makes, `folder`/desk.db, readable by its owner only. Raises JournalFails."""
        self._lock = threading.RLock()
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise JournalFails(f"{path}: {error}; is the folder writable, the disk full?") from error

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # alarms of homes

    def keep_alarm(self, gateway: str, message: AlarmMessage, heard_at: datetime) -> bool:
        """Keeps what a home called; False where it is kept already. Raises JournalFails."""
        with self._writing():
            done = self._db.execute(
                "INSERT OR IGNORE INTO kept_alarm (alarm, cancelled, gateway, message, heard_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (str(UUID(message.alarm)), message.cancelled, gateway, encode(message), heard_at.isoformat()),
            )
            return done.rowcount == 1

    def kept_alarms(self) -> list[KeptAlarm]:
        """Oldest first; a call before its cancelling."""
        rows = self._read("SELECT gateway, message, heard_at, told_at FROM kept_alarm ORDER BY cancelled, heard_at")
        return [
            KeptAlarm(gateway, decode(AlarmMessage, message), _time(heard_at), told_at and _time(told_at))
            for gateway, message, heard_at, told_at in rows
        ]

    def alarm_told(self, message: AlarmMessage, at: datetime) -> None:
        with self._writing():
            self._db.execute(
                "UPDATE kept_alarm SET told_at = ? WHERE alarm = ? AND cancelled = ?",
                (at.isoformat(), str(UUID(message.alarm)), message.cancelled),
            )

    def alarm_stored(self, message: AlarmMessage) -> None:
        """The database has it, or has refused it for good."""
        with self._writing():
            self._db.execute(
                "DELETE FROM kept_alarm WHERE alarm = ? AND cancelled = ?",
                (str(UUID(message.alarm)), message.cancelled),
            )

    def remember_gateways(self, registered: Iterable[str]) -> None:
        """All that the database knows now; the call of any other waits for it."""
        with self._writing():
            self._db.execute("DELETE FROM known_gateway")
            self._db.executemany("INSERT INTO known_gateway VALUES (?)", [(gateway,) for gateway in registered])

    def known_gateways(self) -> set[str]:
        return {row[0] for row in self._read("SELECT gateway FROM known_gateway")}

    # steps of people

    def begin(self, act: Act) -> Act:
        """Writes down that `act` is about to be done, and for whom; gives it its number. What earlier steps of this
        alarm that stand by the journal say, it follows in order: then it `stands` too. The step that stands last, sent
        again by the same person because its answer was lost, is that step.

        Raises HeldByAnother, Conflict where the alarm is closed, DoneBefore, and JournalFails.
        """
        alarm = str(act.alarm_id)
        with self._writing():
            last = next((one for one in reversed(self._acts(alarm)) if one.stands and one.doing.needs_holder), None)
            if last is not None and _same_step(last, act):
                return last
            if act.doing.needs_holder:
                self._hold(alarm, act)
            queued = last is not None
            number = self._db.execute(
                "INSERT INTO act (alarm, gateway, doing, staff_id, name, at, minutes, reason, note, stands) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alarm,
                    act.gateway_id,
                    act.doing.value,
                    act.staff_id,
                    act.staff_name,
                    act.at.isoformat(),
                    act.minutes,
                    act.reason,
                    act.note,
                    queued,
                ),
            ).lastrowid
        return act.numbered(number or 0, stands=queued)

    def _hold(self, alarm: str, act: Act) -> None:
        row = self._db.execute("SELECT staff_id, name, at, closed FROM holder WHERE alarm = ?", (alarm,)).fetchone()
        if row is not None:
            staff_id, name, at, closed = row
            if closed and staff_id == act.staff_id and act.doing is Doing.CLOSE and not self._acts(alarm):
                raise DoneBefore(f"this alarm was closed by {name}")
            if closed:
                raise Conflict(f"this alarm was closed by {name}; nothing more is to be done")
            if staff_id != act.staff_id:
                raise HeldByAnother(name, _time(at))
        closes = act.doing is Doing.CLOSE
        self._db.execute(
            "INSERT INTO holder (alarm, staff_id, name, at, closed) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (alarm) DO UPDATE SET closed = excluded.closed",
            (alarm, act.staff_id, act.staff_name, act.at.isoformat(), closes),
        )

    def stand(self, number: int) -> None:
        """The database is away: from now on this file answers for the step, and the home is told of it."""
        with self._writing():
            self._db.execute("UPDATE act SET stands = 1 WHERE number = ?", (number,))

    def settle(self, number: int) -> None:
        """The database has the step. Who has the alarm stays known here."""
        with self._writing():
            self._db.execute("DELETE FROM act WHERE number = ?", (number,))

    def refuse(self, act: Act, holder: Holder | None) -> None:
        """The database does not take the step; `holder` is who has the alarm there, None for nobody."""
        with self._writing():
            self._db.execute("DELETE FROM act WHERE number = ?", (act.number,))
            if not act.doing.needs_holder:
                return
            self._db.execute("DELETE FROM holder WHERE alarm = ?", (str(act.alarm_id),))
            if holder is not None:
                self._db.execute(
                    "INSERT INTO holder (alarm, staff_id, name, at, closed) VALUES (?, ?, ?, ?, ?)",
                    (str(act.alarm_id), holder.staff_id, holder.name, holder.at.isoformat(), holder.closed),
                )

    def standing(self) -> list[Act]:
        """Steps that this file answers for, as they were done."""
        return [act for act in self._acts() if act.stands]

    def begun(self) -> list[Act]:
        """Steps that somebody began and whose end is not known here: at work, or their process did not live."""
        return [act for act in self._acts() if not act.stands]

    def acts_told(self, numbers: Iterable[int], at: datetime) -> None:
        with self._writing():
            self._db.executemany("UPDATE act SET told_at = ? WHERE number = ?", [(at.isoformat(), n) for n in numbers])

    def forget_holders(self, before: datetime) -> None:
        """Of alarms taken before `before` that nothing here waits for: the database knows them long since."""
        with self._writing():
            self._db.execute(
                "DELETE FROM holder WHERE at < ? AND alarm NOT IN (SELECT alarm FROM act)", (before.isoformat(),)
            )

    def _acts(self, of_alarm: str | None = None) -> list[Act]:
        rows = self._read(
            "SELECT number, alarm, gateway, doing, staff_id, name, at, minutes, reason, note, stands, told_at "
            "FROM act WHERE ?1 IS NULL OR alarm = ?1 ORDER BY number",
            of_alarm,
        )
        return [
            Act(
                number=number,
                alarm_id=UUID(alarm),
                gateway_id=gateway,
                doing=Doing(doing),
                staff_id=staff_id,
                staff_name=name,
                at=_time(at),
                minutes=minutes,
                reason=reason,
                note=note,
                stands=bool(stands),
                told_at=told_at and _time(told_at),
            )
            for number, alarm, gateway, doing, staff_id, name, at, minutes, reason, note, stands, told_at in rows
        ]

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise JournalFails(f"the desk's journal cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                self._db.rollback()  # does nothing where no transaction was begun
                if not isinstance(error, sqlite3.Error):
                    raise
                raise JournalFails(f"the desk's journal does not take it: {error}") from error


def _same_step(one: Act, other: Act) -> bool:
    return (one.doing, one.staff_id, one.minutes, one.reason) == (
        other.doing,
        other.staff_id,
        other.minutes,
        other.reason,
    )


def open_journal(folder: Path | None) -> DeskJournal | None:
    """The journal in `folder`; None where none is wanted or none can be had, which the log says."""
    if folder is None:
        return None
    try:
        return DeskJournal(folder)
    except JournalFails as error:
        log.error("desk_journal", problem=str(error), what="without the database nothing can be taken")  # noqa: TRY400
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
