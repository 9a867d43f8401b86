"""The press on disk: buttons' counters and the calls that are open, in one SQLite file of their own.

The scanner's process writes presses, the alarm's process writes what became of them. The counter moves in the same
transaction that makes the call, so that a press is never half known: after a power cut it is either still to come
from the button's repeats, or a call that will be made.
"""

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.alarm.call import Call, LastPress, Meaning, PressRules, meaning_of_press
from edge.alarm.drill_log import DrillLog
from edge.alarm.journal_file import JournalFile
from edge.errors import Temporary
from edge.sqlite_file import transaction
from protocols.adverts.counter import CounterGuard
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


@dataclass(frozen=True)
class Pressed:
    alarm: str
    meaning: Meaning

    @property
    def is_new(self) -> bool:
        """False when the press belongs to a call that is open already."""
        return self.meaning is Meaning.NEW_CALL


class StaleCounter(Exception):
    """The counter is not above the last one: a repeat of the same press, or a recording played back."""

    def __init__(self, counter: int, last: int) -> None:
        super().__init__(f"counter {counter} is not above {last}")
        self.is_repeat = counter == last


class AlarmJournal:
    """Each write is on the disk when the call returns. Safe to use from several threads and two processes."""

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        """`beside`: another process of this gateway has opened the file already, and answers for it.

        Where the disk has no room to open it, each call raises Temporary until it has: nobody is to wait with a
        button that is dead meanwhile. Raises Permanent where the file cannot be used for another reason. The other
        process sets a damaged file aside (`set_aside`).
        """
        self._lock = threading.RLock()
        self._file = JournalFile(path, beside=beside)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.db

    @property
    def set_aside(self) -> Path | None:
        """Where a damaged file was put."""
        return self._file.set_aside

    @property
    def problem(self) -> str | None:
        """Why nothing can be written down at all, in a sentence; None where the file is open."""
        return self._file.problem

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def heard_counter(self, device: str, counter: int) -> None:
        """A frame without a press (a heartbeat): its counter is used up all the same. Raises StaleCounter."""
        with self._lock, _usable(), transaction(self._db):
            self._accept(device, counter)

    def press(
        self,
        device: str,
        kind: AlarmKind,
        counter: int | None,
        *,
        raised_at: datetime,
        pressed_at_s: float,
        rules: PressRules,
        long: bool = False,
    ) -> Pressed:
        """The call that this press makes, repeats or takes back. Raises Temporary, and StaleCounter for a frame that
        was heard before. `counter` None: the device has none, each of its presses is heard once.

        `pressed_at_s`: Unix seconds of the wall clock.
        """
        with self._lock, _usable(), transaction(self._db):
            if counter is not None:
                self._accept(device, counter)
            last = self._last_press(device)
            meaning = meaning_of_press(rules, last, pressed_at_s, long=long)
            if last is None or meaning is Meaning.NEW_CALL:
                alarm = str(uuid.uuid4())
                self._insert(Call(alarm, kind, device, raised_at), pressed_at_s)
            else:
                alarm = last.alarm
                what = "cancelled = 1" if meaning is Meaning.TAKES_BACK else "presses = presses + 1"
                self._db.execute(f"UPDATE alarm SET {what} WHERE alarm = ?", (alarm,))  # noqa: S608 - no value in it
            self._pressed(device, alarm, pressed_at_s)
            return Pressed(alarm, meaning)

    def keep(self, call: Call, pressed_at_s: float, counter: int | None) -> None:
        """Writes a call that was made while the journal took nothing; a second time it changes nothing.

        Raises Temporary.
        """
        with self._lock, _usable(), transaction(self._db):
            if counter is not None:
                self._db.execute(
                    "INSERT INTO button (device, counter) VALUES (?, ?) "
                    "ON CONFLICT (device) DO UPDATE SET counter = max(counter, excluded.counter)",
                    (call.device, counter),
                )
            self._insert(call, pressed_at_s)
            self._pressed(call.device, call.alarm, pressed_at_s)

    def notice(self, device: str, kind: AlarmKind, raised_at: datetime) -> tuple[str, bool]:
        """The open alarm of this kind and device, made where there is none, and whether it was. Raises Temporary.

        One that is being taken back counts no more: what it told is there again.
        """
        with self._lock, _usable(), transaction(self._db):
            row = self._db.execute(
                "SELECT alarm FROM alarm WHERE device = ? AND kind = ? AND state <> 'closed' AND NOT cancelled",
                (device, kind.value),
            ).fetchone()
            if row is not None:
                return row[0], False
            call = Call(str(uuid.uuid4()), kind, device, raised_at)
            self._insert(call, None)
            return call.alarm, True

    def over(self, device: str, kind: AlarmKind) -> bool:
        """Takes the open alarms of this kind and device back; False where there are none. Raises Temporary."""
        with self._lock, _usable(), transaction(self._db):
            cursor = self._db.execute(
                "UPDATE alarm SET cancelled = 1 WHERE device = ? AND kind = ? AND state <> 'closed' AND NOT cancelled",
                (device, kind.value),
            )
            return cursor.rowcount > 0

    def give_up(self, alarm: str) -> bool:
        """Ends a drill that nobody answered; False where it was answered. Raises Temporary."""
        with self._lock, _usable(), transaction(self._db):
            cursor = self._db.execute(
                "UPDATE alarm SET state = 'closed' WHERE alarm = ? AND kind = ? AND state <> 'closed'",
                (alarm, AlarmKind.DRILL.value),
            )
            return cursor.rowcount > 0

    def last_press(self, device: str) -> LastPress | None:
        """Of a call that is open. Raises Temporary."""
        with self._lock, _usable():
            return self._last_press(device)

    def counter(self, device: str) -> int | None:
        """The last one accepted; None before the first. Raises Temporary."""
        with self._lock, _usable():
            row = self._db.execute("SELECT counter FROM button WHERE device = ?", (device,)).fetchone()
        return None if row is None else int(row[0])

    def open_calls(self) -> list[Call]:
        """Oldest first. Raises Temporary."""
        with self._lock, _usable():
            rows = self._db.execute(
                "SELECT alarm, kind, device, raised_at, state, attempts, presses, spoken_by, minutes, "
                "cancelled, cancel_heard, test FROM alarm WHERE state <> 'closed' ORDER BY raised_at, alarm"
            ).fetchall()
        return [
            Call(
                row[0],
                AlarmKind(row[1]),
                row[2],
                datetime.fromisoformat(row[3]),
                AlarmState(row[4]),
                attempts=row[5],
                presses=row[6],
                by=row[7],
                minutes=row[8],
                cancelled=bool(row[9]),
                cancel_heard=bool(row[10]),
                test=bool(row[11]),
            )
            for row in rows
        ]

    def move(self, call: Call) -> None:
        """Writes state, attempts, who has it and what the centre knows; never what the other process writes (`presses`,
        `cancelled`). Raises Temporary."""
        with self._lock, _usable(), transaction(self._db):
            self._db.execute(
                "UPDATE alarm SET state = ?, attempts = ?, spoken_by = ?, minutes = ?, cancel_heard = ? "
                "WHERE alarm = ?",
                (call.state.value, call.attempts, call.by, call.minutes, int(call.cancel_heard), call.alarm),
            )

    @property
    def line_connected(self) -> bool:
        """Whether the alarm's own connection stood when its process last said so. Raises Temporary."""
        with self._lock, _usable():
            return bool(self._db.execute("SELECT connected FROM line").fetchone()[0])

    def set_line_connected(self, connected: bool) -> None:
        with self._lock, _usable(), transaction(self._db):
            self._db.execute("UPDATE line SET connected = ?", (int(connected),))

    def _last_press(self, device: str) -> LastPress | None:
        row = self._db.execute(
            "SELECT alarm.alarm, coalesce(first_pressed_at, pressed_at), pressed_at, cancelled "
            "FROM button JOIN alarm ON alarm.alarm = button.alarm "
            "WHERE button.device = ? AND alarm.state <> 'closed'",
            (device,),
        ).fetchone()
        return None if row is None else LastPress(row[0], row[1], row[2], bool(row[3]))

    def _insert(self, call: Call, pressed_at_s: float | None) -> None:
        self._db.execute(
            "INSERT INTO alarm (alarm, kind, device, raised_at, state, presses, cancelled, first_pressed_at, test) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM proving WHERE until > ?)) "
            "ON CONFLICT (alarm) DO NOTHING",
            (
                call.alarm,
                call.kind.value,
                call.device,
                call.raised_at.isoformat(),
                AlarmState.RAISED.value,
                call.presses,
                int(call.cancelled),
                pressed_at_s,
                time.time(),
            ),
        )

    def _pressed(self, device: str, alarm: str, pressed_at_s: float) -> None:
        self._db.execute(
            "INSERT INTO button (device, counter, alarm, pressed_at) VALUES (?, 0, ?, ?) "
            "ON CONFLICT (device) DO UPDATE SET alarm = excluded.alarm, pressed_at = excluded.pressed_at",
            (device, alarm, pressed_at_s),
        )

    def state_of(self, alarm: str) -> tuple[AlarmState | None, str]:
        """State and device; None for an alarm that is not in here. Raises Temporary."""
        with self._lock, _usable():
            row = self._db.execute("SELECT state, device FROM alarm WHERE alarm = ?", (alarm,)).fetchone()
        return (None, "") if row is None else (AlarmState(row[0]), row[1])

    def drill_log(self) -> DrillLog | None:
        """None before the first. Raises Temporary."""
        with self._lock, _usable():
            row = self._db.execute(
                "SELECT not_before, next_at, answered_at, answered_by, failed_at FROM drill"
            ).fetchone()
        if row is None:
            return None
        return DrillLog(
            datetime.fromisoformat(row[0]), datetime.fromisoformat(row[1]), _time(row[2]), row[3], _time(row[4])
        )

    def put_drill_log(self, log: DrillLog) -> None:
        """Raises Temporary."""
        times = [None if at is None else at.isoformat() for at in (log.answered_at, log.failed_at)]
        with self._lock, _usable(), transaction(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO drill VALUES (1, ?, ?, ?, ?, ?)",
                (log.not_before.isoformat(), log.next_at.isoformat(), times[0], log.answered_by, times[1]),
            )

    def prove_until(self, until_s: float) -> None:
        """Calls that begin before `until_s` (Unix seconds) are told as tests: somebody installs. Raises Temporary."""
        with self._lock, _usable(), transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO proving VALUES (1, ?)", (until_s,))

    def calls_of(self, device: str, since: datetime) -> list[tuple[AlarmState, bool]]:
        """State, and whether it was a test, of the device's calls since then, the newest first. Raises Temporary."""
        with self._lock, _usable():
            rows = self._db.execute(
                "SELECT state, test FROM alarm WHERE device = ? AND raised_at >= ? ORDER BY raised_at DESC",
                (device, since.isoformat()),
            ).fetchall()
        return [(AlarmState(state), bool(test)) for state, test in rows]

    def troubles(self) -> list[str]:
        """What the alarm's process says is wrong with its own parts, a sentence each. Raises Temporary."""
        with self._lock, _usable():
            return [row[0] for row in self._db.execute("SELECT sentence FROM trouble ORDER BY part")]

    def set_trouble(self, part: str, sentence: str | None) -> None:
        """None: it is well. Raises Temporary."""
        with self._lock, _usable(), transaction(self._db):
            if sentence is None:
                self._db.execute("DELETE FROM trouble WHERE part = ?", (part,))
            else:
                self._db.execute(
                    "INSERT INTO trouble VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET sentence = excluded.sentence",
                    (part, sentence),
                )

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


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@contextmanager
def _usable() -> Iterator[None]:
    """A damaged file is as Temporary as a full disk to whoever has a call to make."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Temporary(f"the alarm journal cannot be used: {error}", retry_after_s=1.0) from error
