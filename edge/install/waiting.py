"""What waits in an outbox, looked at from beside while the gateway runs."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.table import Table

from edge.outbox import Backlog, read_backlog
from edge.sqlite_file import open_durable
from protocols.reading import Reading


@dataclass(frozen=True)
class Waiting:
    backlog: Backlog
    readings: tuple[tuple[int, Reading], ...]
    """With their numbers, the oldest first."""


def look(path: Path, limit: int) -> Waiting:
    """Raises Permanent with a sentence where there is no readable outbox at `path`."""
    with open_durable(path, read_only=True) as db:
        return Waiting(read_backlog(db), tuple(_readings(db, limit)))


def _readings(db: sqlite3.Connection, limit: int) -> list[tuple[int, Reading]]:
    decode = msgspec.json.Decoder(Reading).decode
    rows = db.execute("SELECT number, body FROM reading ORDER BY number LIMIT ?", (limit,))
    return [(number, decode(body)) for number, body in rows]


def to_json(found: Waiting) -> str:
    backlog = found.backlog
    fields = {
        "waiting": backlog.rows,
        "bytes": backlog.bytes,
        "oldest_at": backlog.oldest_at,
        "readings": [{"number": number, **msgspec.to_builtins(reading)} for number, reading in found.readings],
    }
    return msgspec.json.encode(fields).decode()


def table(found: Waiting) -> Table:
    shown = Table(title="Waiting for their receipt", title_justify="left")
    for heading in ("Number", "Device", "Metric", "Value", "Measured (UTC)"):
        shown.add_column(heading)
    for number, reading in found.readings:
        value = f"{reading.value:g} {reading.unit}"
        shown.add_row(str(number), reading.device, reading.metric, value, f"{reading.measured_at:%Y-%m-%d %H:%M:%S}")
    return shown


def conclusion(found: Waiting) -> str:
    rows = found.backlog.rows
    if rows == 0:
        return "nothing waits: the centre has all that was measured"
    more = "" if rows <= len(found.readings) else f"; --limit shows more than these {len(found.readings)}"
    return f"{rows} readings wait, {found.backlog.bytes} bytes{more}"
