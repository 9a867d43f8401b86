"""The outbox: every reading is on this disk before its meter is let go, and stays until the database has it.

One SQLite file (WAL, synchronous=FULL). Readings stand in the order of taking under numbers without gaps; a number
in an epoch names one place for ever, and each with the running hash before it (edge/outbox_chain.py). What was
delivered is kept for a while (edge/outbox_kept.py), and leaves its key behind, so that a meter whose memory is read out
again adds nothing. It is bounded: when it is full it gives up what is worth least (edge/outbox_bound.py) and says
so (edge/given_up.py). Safe to use from several threads of one process; `hold_alone` keeps a second process out.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from edge import given_up, outbox_chain, outbox_kept
from edge.meter_clock import ClockSighting
from edge.outbox_amount import Amount
from edge.outbox_bound import DEFAULT_BOUND, OutboxBound, RoomMaker
from edge.outbox_cover import Cover, cover_of
from edge.outbox_together import Prepared, Together
from edge.sqlite_file import open_durable, open_or_set_aside, transaction
from protocols.reading import Metric, Reading, record_key
from protocols.telemetry.chain import digest_of, next_link
from protocols.telemetry.messages import GivenUp, Receipt

_log = structlog.get_logger()

_SCHEMA = """
CREATE TABLE IF NOT EXISTS box (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    epoch       INTEGER NOT NULL,
    next_number INTEGER NOT NULL,
    taken       INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS reading (
    number      INTEGER PRIMARY KEY,
    device      TEXT NOT NULL,
    metric      TEXT NOT NULL,
    record_key  INTEGER NOT NULL,
    received_at REAL NOT NULL,      -- Unix seconds
    body        BLOB NOT NULL,      -- protocols.reading.Reading as JSON
    before      BLOB,               -- the running hash over all numbers below
    UNIQUE (device, metric, record_key)
);
CREATE TABLE IF NOT EXISTS seen (   -- records of meters that were delivered
    device      TEXT NOT NULL,
    metric      TEXT NOT NULL,
    record_key  INTEGER NOT NULL,
    received_at REAL NOT NULL,
    PRIMARY KEY (device, metric, record_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meter (
    device        TEXT PRIMARY KEY,
    identity      TEXT NOT NULL DEFAULT '',
    last_sequence INTEGER,
    clock_at      TEXT,             -- UTC
    clock_device_time TEXT          -- naive, the meter's own
);
CREATE TABLE IF NOT EXISTS line (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    sessions    INTEGER NOT NULL    -- connections to the broker that were begun
);
INSERT OR IGNORE INTO line VALUES (1, 0);
"""

SEEN_DAYS = 800
"""Longer than any meter's memory reaches back in daily use; what is older and read again, the centre knows."""


@dataclass(frozen=True)
class Numbered:
    number: int
    reading: Reading
    before: bytes
    """The running hash over all readings with lower numbers."""


@dataclass(frozen=True)
class Backlog:
    rows: int
    bytes: int
    oldest_at: datetime | None
    """When the oldest waiting reading was received, UTC."""


@dataclass(frozen=True)
class MeterMemory:
    """What the gateway remembers of a meter between two sessions."""

    identity: str = ""
    """The serial number that it told."""
    last_sequence: int | None = None
    clock: ClockSighting | None = None


class Outbox:
    def __init__(self, path: Path, bound: OutboxBound = DEFAULT_BOUND) -> None:
        """Opens or makes the file. A damaged one is set aside (`set_aside`), and a new epoch begins.

        Raises Permanent where the folder cannot be written.
        """
        self._lock = threading.RLock()
        self._together = Together(self._lock, self._write)
        self._db, self.set_aside = open_or_set_aside(
            path, _SCHEMA + given_up.SCHEMA + outbox_chain.SCHEMA + outbox_kept.SCHEMA
        )
        self._encode = msgspec.json.Encoder().encode
        self._decoder = msgspec.json.Decoder(Reading)
        with self._lock, transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO box VALUES (1, ?, 1, 0)", (_new_epoch(),))
            outbox_kept.prepare(self._db)
            outbox_chain.prepare(self._db, self.epoch)
        self._room = RoomMaker(self._db, bound)
        found = read_backlog(self._db)  # counted once: it is asked for all the time, and may be 512 MB
        self._rows, self._bytes = found.rows, found.bytes

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @property
    def epoch(self) -> int:
        return self._number("SELECT epoch FROM box")

    @property
    def taken(self) -> int:
        """Readings ever written to this outbox."""
        return self._number("SELECT taken FROM box")

    @property
    def store(self) -> int:
        """`Receipt.store` of the newest receipt that was taken; 0 before the first."""
        return self._number("SELECT store FROM centre")

    def begin_session(self) -> int:
        """The number of a new connection to the broker, counted from 1. Raises Temporary where the disk is full."""
        with self._lock, transaction(self._db):
            self._db.execute("UPDATE line SET sessions = sessions + 1")
            return self._number("SELECT sessions FROM line")

    def put(self, readings: Iterable[Reading]) -> int:
        """Makes `readings` durable, in their order, and returns how many of them were new.

        Threads that put at the same time wait for the disk once, together.
        """
        return self._together.put(
            [
                Prepared(
                    (reading.device, reading.metric.value, record_key(reading)),
                    reading.received_at,
                    self._encode(reading),
                    digest_of(reading),
                )
                for reading in readings
            ]
        )

    def _write(self, batches: Sequence[Sequence[Prepared]]) -> list[int]:
        """Under the lock. How many of each were new."""
        news, size, deleted = [], 0, Amount()
        with transaction(self._db):
            first = number = self._number("SELECT next_number FROM box")
            newest: datetime | None = None
            link = outbox_chain.head(self._db)
            for batch in batches:
                before = number
                for one in batch:
                    if self._is_known(one.key):
                        continue
                    row = (number, *one.key, one.received_at.timestamp(), one.body, link)
                    self._db.execute("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                    link = next_link(link, one.digest)
                    newest = one.received_at if newest is None else max(newest, one.received_at)
                    number += 1
                    size += len(one.body)
                news.append(number - before)
            if newest is not None:
                self._db.execute("UPDATE box SET next_number = ?, taken = taken + ?", (number, number - first))
                outbox_chain.advance(self._db, link)
                deleted = self._room.make_room(newest)
        self._count(number - first - deleted.rows, size - deleted.bytes)
        if deleted.rows:
            _log.warning("outbox_full", given_up=deleted.rows)
        return news

    def has(self, device: str, metric: Metric, key: int) -> bool:
        """True when the record was taken already, delivered or not."""
        with self._lock:
            return self._is_known((device, metric.value, key))

    def batch(self, after: int, limit: int, through: int | None = None) -> list[Numbered]:
        """At most `limit` waiting readings with numbers above `after` (and up to `through`), in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number, body, before FROM reading WHERE number > ? AND number <= ? ORDER BY number LIMIT ?",
                (after, 2**62 if through is None else through, limit),
            ).fetchall()
        return [Numbered(number, self._decoder.decode(body), before) for number, body, before in rows]

    def forget(self, receipt: Receipt, now: datetime | None = None) -> int:
        """What `receipt` says is stored, and nothing else, waits no longer; returns how many rows that were.

        It is kept for `OutboxBound.kept_days` from `now`, the gateway's time (None: the machine's). A receipt of
        another epoch is not ours, and one of an older store is a replay: neither changes anything. One of a newer
        store comes from a restored database: what was kept and is not in it waits again. One that knows numbers which
        this file has never given away, or another running hash than ours, says that another has this file too (a
        copied card) or had (a restored one): a new epoch begins, and what waits here, with all that was kept and is
        not proven to be stored, is sent under it.
        """
        with self._lock:
            deleted = back = Amount()
            at = datetime.now(UTC) if now is None else now
            with transaction(self._db):
                known = self.store
                if receipt.epoch != self.epoch or receipt.store < known:
                    return 0
                cover = cover_of(self._db, receipt, self._number("SELECT next_number FROM box"))
                if cover is None:
                    back = self._begin_new_epoch(receipt.store)
                else:
                    if receipt.store > known:
                        back = outbox_kept.follow(self._db, receipt)
                    for part in cover:
                        deleted += self._forget_range(part, at)
            self._count(back.rows - deleted.rows, back.bytes - deleted.bytes)
            if cover is not None and back.rows:
                _log.warning("centre_restored", store=receipt.store, sent_again=back.rows)
            return deleted.rows

    def kept(self) -> int:
        """Readings that have their receipt and are still here."""
        with self._lock:
            return outbox_kept.count(self._db)

    def given_up(self) -> tuple[GivenUp, ...]:
        """What was ever deleted undelivered, because the outbox was full."""
        with self._lock:
            return given_up.counts(self._db)

    def untold(self, limit: int) -> tuple[tuple[int, int], ...]:
        """At most `limit` ranges of numbers that were given up, and of which the centre does not know yet."""
        with self._lock:
            return given_up.untold(self._db, limit)

    def backlog(self) -> Backlog:
        with self._lock:
            return Backlog(self._rows, self._bytes, _oldest_at(self._db))

    def memory(self, device: str) -> MeterMemory:
        with self._lock:
            row = self._db.execute(
                "SELECT identity, last_sequence, clock_at, clock_device_time FROM meter WHERE device = ?",
                (device,),
            ).fetchone()
        if row is None:
            return MeterMemory()
        identity, last_sequence, clock_at, device_time = row
        return MeterMemory(
            identity,
            last_sequence,
            None
            if clock_at is None
            else ClockSighting(datetime.fromisoformat(clock_at), datetime.fromisoformat(device_time)),
        )

    def remember(self, device: str, memory: MeterMemory) -> None:
        """Call it after the session's readings are durable, never before."""
        row = (
            device,
            memory.identity,
            memory.last_sequence,
            None if memory.clock is None else memory.clock.at.isoformat(),
            None if memory.clock is None else memory.clock.device_time.isoformat(),
        )
        with self._lock, transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO meter VALUES (?, ?, ?, ?, ?)", row)

    def prune(self, before: datetime) -> int:
        """Forgets the keys of delivered records that were received `before`."""
        with self._lock, transaction(self._db):
            return self._db.execute("DELETE FROM seen WHERE received_at < ?", (before.timestamp(),)).rowcount

    def _is_known(self, key: tuple[str, str, int]) -> bool:
        where = "WHERE device = ? AND metric = ? AND record_key = ?"
        found = self._db.execute(
            f"SELECT 1 FROM reading {where} UNION ALL SELECT 1 FROM seen {where} LIMIT 1",  # noqa: S608 - no value in it
            key + key,
        ).fetchone()
        return found is not None

    def _forget_range(self, part: Cover, at: datetime) -> Amount:
        gone = Amount()
        for span in part.stored:
            outbox_kept.keep(self._db, *span, at, proven=part.proven)
            self._db.execute(
                # a value that was only heard (bit 62 of its key) cannot be heard again: its key need not stay
                "INSERT OR IGNORE INTO seen SELECT device, metric, record_key, received_at FROM reading "
                "WHERE number BETWEEN ? AND ? AND record_key & (1 << 62) = 0",
                span,
            )
            sizes = self._db.execute(
                "DELETE FROM reading WHERE number BETWEEN ? AND ? RETURNING length(body)", span
            ).fetchall()
            gone += Amount(len(sizes), sum(size for (size,) in sizes))
        outbox_kept.settle(self._db, part.first, part.last)
        given_up.settle(self._db, part.first, part.last)
        return gone

    def _count(self, rows: int, size: int) -> None:
        self._rows += rows
        self._bytes += size

    def _begin_new_epoch(self, store: int) -> Amount:
        """At the word of the database `store`. Returns what waits again."""
        back = outbox_kept.begin_anew(self._db, store)
        rows = [number for (number,) in self._db.execute("SELECT number FROM reading ORDER BY number").fetchall()]
        for place, number in enumerate(rows, start=1):  # upwards: a row never moves onto one that still stands
            self._db.execute("UPDATE reading SET number = ? WHERE number = ?", (place, number))
        given_up.forget_numbers(self._db)
        epoch = _new_epoch()
        outbox_chain.begin_anew(self._db, epoch)
        self._db.execute("UPDATE box SET epoch = ?, next_number = ?", (epoch, len(rows) + 1))
        _log.warning("outbox_not_alone", new_epoch=epoch, waiting=len(rows), sent_again=back.rows)
        return back

    def _number(self, query: str) -> int:
        with self._lock:
            value: int = self._db.execute(query).fetchone()[0]
            return value


def read_backlog(db: sqlite3.Connection) -> Backlog:
    rows, size = db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM reading").fetchone()
    return Backlog(rows, size, _oldest_at(db))


def _oldest_at(db: sqlite3.Connection) -> datetime | None:
    oldest = db.execute("SELECT received_at FROM reading ORDER BY number LIMIT 1").fetchone()
    return None if oldest is None else datetime.fromtimestamp(oldest[0], UTC)


@dataclass(frozen=True)
class OutboxFigures:
    """What another process may read of an outbox while the gateway writes it."""

    epoch: int
    taken: int
    backlog: Backlog
    given_up: tuple[GivenUp, ...]


def outbox_figures(path: Path) -> OutboxFigures:
    """Raises Permanent with a sentence where there is no readable outbox at `path`."""
    with open_durable(path, read_only=True) as db:
        epoch, taken = db.execute("SELECT epoch, taken FROM box").fetchone()
        return OutboxFigures(epoch, taken, read_backlog(db), given_up.counts(db))


def _new_epoch() -> int:
    return secrets.randbits(63)
