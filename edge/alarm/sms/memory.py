"""What the path by text must not forget: counters, a PIN that was refused, what was sent, and how the modem is.

One SQLite file, written by the alarm's process; the gateway's process looks at it for /health. A disk that takes
nothing must not silence a call: what cannot be written is kept in memory, and said in the log.
"""

import hashlib
import sqlite3
import threading
import time
from pathlib import Path

import msgspec
import structlog

from edge.errors import Permanent, Temporary
from edge.sqlite_file import open_durable, open_or_set_aside, transaction
from protocols.sms.modem_events import ModemStatus

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (
    text        INTEGER PRIMARY KEY,
    alarm       TEXT NOT NULL,
    number      INTEGER NOT NULL,       -- its place in the configuration, from 0
    parts       TEXT NOT NULL,          -- the modem's references, JSON
    sent_at     REAL NOT NULL,          -- Unix seconds of the wall clock
    delivered   TEXT NOT NULL DEFAULT '[]',
    failed_at   REAL
);
"""
_KEPT_TEXTS = 200
_REPORT_WITHIN_S = 48 * 3600.0
_SAID, _HEARD, _REFUSED_PIN, _MODEM, _TEST = "said", "heard", "refused_pin", "modem", "test"
_WANTED = "test_wanted"


class SmsTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest test text. Unix seconds."""

    alarm: str
    sent_at: float
    answered_at: float | None = None


class ModemReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the modem is, for people and for /health."""

    trouble: str | None = None
    operator: str = ""
    signal_dbm: int | None = None
    roaming: bool = False
    reports: bool = True
    """Whether delivery reports come."""
    last_sent_at: float | None = None
    last_delivered: bool | None = None
    """The network said that the last text was delivered, or was not; None: it says nothing yet."""
    test: SmsTest | None = None


class SmsMemory:
    """Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises Permanent where the folder cannot be written. Where the disk has no room, this process's own memory
        must do: a text goes out all the same, and a PIN that was refused before may be tried once more."""
        self._lock = threading.RLock()
        try:
            self._db, _ = open_or_set_aside(path, _SCHEMA)
        except Temporary as error:
            _log.error("sms_memory", problem=str(error))
            self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._db.executescript(_SCHEMA)
        self._facts: dict[str, str] = dict(self._db.execute("SELECT name, value FROM fact").fetchall())

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def next_counter(self) -> int:
        """Above every earlier one. It follows the clock too, so that a new disk does not begin again below."""
        with self._lock:
            counter = max(int(self._facts.get(_SAID, "0")) + 1, int(time.time()))
            self._keep(_SAID, str(counter))
            return counter

    def accept(self, counter: int) -> bool:
        """Whether the centre's counter is new; it is used up then. A late older text says nothing new."""
        with self._lock:
            if counter <= int(self._facts.get(_HEARD, "-1")):
                return False
            self._keep(_HEARD, str(counter))
            return True

    def usable_pin(self, pin: str) -> str:
        """`pin`, or nothing where the SIM refused it once: the third wrong one locks the SIM."""
        return "" if pin and self._facts.get(_REFUSED_PIN) == _digest(pin) else pin

    def pin_refused(self, pin: str) -> None:
        with self._lock:
            self._keep(_REFUSED_PIN, _digest(pin))

    def set_modem(self, status: ModemStatus) -> None:
        with self._lock:
            self._keep(_MODEM, msgspec.json.encode(status).decode())

    @property
    def test(self) -> SmsTest | None:
        return _test(self._facts)

    def set_test(self, test: SmsTest) -> None:
        with self._lock:
            self._keep(_TEST, msgspec.json.encode(test).decode())

    def take_wanted_test(self) -> bool:
        """Whether somebody who installs asked for a test text (`want_test`), once."""
        with self._lock:
            found = self._db.execute("SELECT 1 FROM fact WHERE name = ?", (_WANTED,)).fetchone() is not None
            if found:
                self._write("DELETE FROM fact WHERE name = ?", (_WANTED,))
            return found

    def sent(self, alarm: str, number: int, references: tuple[int, ...]) -> None:
        with self._lock:
            self._write(
                "INSERT INTO sent (alarm, number, parts, sent_at) VALUES (?, ?, ?, ?)",
                (alarm, number, msgspec.json.encode(references).decode(), time.time()),
            )
            self._write(
                "DELETE FROM sent WHERE text <= (SELECT max(text) FROM sent) - ?",
                (_KEPT_TEXTS,),
            )

    def reported(self, number: int, reference: int, *, delivered: bool) -> str | None:
        """The alarm whose text the report is about. What it says is kept; it never means that the centre knows."""
        with self._lock:
            rows = self._db.execute(
                "SELECT text, alarm, parts, delivered FROM sent WHERE number = ? AND sent_at > ? ORDER BY text DESC",
                (number, time.time() - _REPORT_WITHIN_S),
            ).fetchall()
            for text, alarm, parts, so_far in rows:
                if reference not in msgspec.json.decode(parts, type=list[int]):
                    continue
                if delivered:
                    known = {*msgspec.json.decode(so_far, type=list[int]), reference}
                    self._write(
                        "UPDATE sent SET delivered = ? WHERE text = ?",
                        (msgspec.json.encode(sorted(known)).decode(), text),
                    )
                else:
                    self._write("UPDATE sent SET failed_at = ? WHERE text = ?", (time.time(), text))
                return str(alarm)
        return None

    def _keep(self, name: str, value: str) -> None:
        self._facts[name] = value
        self._write(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with transaction(self._db):
                self._db.execute(statement, values)
        except Temporary as error:
            _log.error("sms_memory", problem=str(error))


def want_test(path: Path) -> None:
    """Asks the alarm's process, whose file is at `path`, for a test text now. Raises EdgeError."""
    with open_durable(path, read_only=False) as db, transaction(db):
        db.execute("INSERT OR REPLACE INTO fact VALUES (?, '')", (_WANTED,))


def modem_report(path: Path) -> ModemReport | None:
    """What the file at `path` says of the modem; None where no modem was ever looked for, or the file is damaged."""
    try:
        with open_durable(path, read_only=True) as db:
            facts = dict(db.execute("SELECT name, value FROM fact").fetchall())
            last = db.execute("SELECT parts, delivered, sent_at, failed_at FROM sent ORDER BY text DESC").fetchone()
    except (Permanent, sqlite3.Error):
        return None
    if _MODEM not in facts:
        return None
    status = msgspec.json.decode(facts[_MODEM], type=ModemStatus)
    delivered: bool | None = None
    if last is not None:
        whole = len(msgspec.json.decode(last[0])) == len(msgspec.json.decode(last[1]))
        delivered = True if whole else False if last[3] is not None else None
    return ModemReport(
        trouble=status.trouble,
        operator=status.operator,
        signal_dbm=status.signal_dbm,
        roaming=status.roaming,
        reports=status.reports,
        last_sent_at=None if last is None else last[2],
        last_delivered=delivered,
        test=_test(facts),
    )


def _test(facts: dict[str, str]) -> SmsTest | None:
    return msgspec.json.decode(facts[_TEST], type=SmsTest) if _TEST in facts else None


def _digest(pin: str) -> str:
    return hashlib.sha256(pin.encode()).hexdigest()
