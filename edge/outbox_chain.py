"""The running hash in the outbox's file: each reading stands with the link before it (protocols.telemetry.chain).

Every function runs in a transaction of the outbox's.
"""

import sqlite3

import msgspec

from protocols.reading import Reading
from protocols.telemetry.chain import digest_of, first_link, next_link

SCHEMA = """
CREATE TABLE IF NOT EXISTS chain (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    link        BLOB NOT NULL       -- after the highest number that was ever given away
);
"""
_decoder = msgspec.json.Decoder(Reading)


def prepare(db: sqlite3.Connection, epoch: int) -> None:
    """Begins the chain of a new file. Of a file of an earlier version, begins it with what waits there."""
    if "before" not in {column[1] for column in db.execute("PRAGMA table_info(reading)")}:
        db.execute("ALTER TABLE reading ADD COLUMN before BLOB")
    db.execute("INSERT OR IGNORE INTO chain VALUES (1, ?)", (first_link(epoch),))
    _link_up(db, head(db), "WHERE before IS NULL")


def begin_anew(db: sqlite3.Connection, epoch: int) -> None:
    """A new epoch: what waits, under its new numbers, is the chain's beginning."""
    _link_up(db, first_link(epoch), "")


def head(db: sqlite3.Connection) -> bytes:
    """The link before the reading that is put next."""
    link: bytes = db.execute("SELECT link FROM chain").fetchone()[0]
    return link


def link_at(db: sqlite3.Connection, number: int) -> bytes | None:
    """The link after the reading `number`; None where nothing of it is left here."""
    if number + 1 == db.execute("SELECT next_number FROM box").fetchone()[0]:
        return head(db)
    for table in ("reading", "kept"):
        after = db.execute(f"SELECT before FROM {table} WHERE number = ?", (number + 1,)).fetchone()  # noqa: S608 - ours
        if after is not None:
            link: bytes | None = after[0]
            return link
    for table in ("reading", "kept"):
        row = db.execute(f"SELECT before, body FROM {table} WHERE number = ?", (number,)).fetchone()  # noqa: S608 - ours
        if row is not None and row[0] is not None:
            return next_link(row[0], digest_of(_decoder.decode(row[1])))
    return None


def advance(db: sqlite3.Connection, link: bytes) -> None:
    db.execute("UPDATE chain SET link = ?", (link,))


def _link_up(db: sqlite3.Connection, link: bytes, where: str) -> None:
    numbers = [number for (number,) in db.execute(f"SELECT number FROM reading {where} ORDER BY number")]  # noqa: S608 - ours
    for number in numbers:
        (body,) = db.execute("SELECT body FROM reading WHERE number = ?", (number,)).fetchone()
        db.execute("UPDATE reading SET before = ? WHERE number = ?", (link, number))
        link = next_link(link, digest_of(_decoder.decode(body)))
    advance(db, link)
