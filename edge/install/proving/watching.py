"""What a gateway that runs is seen to do, from beside: its health, its outbox, its alarm journal."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from edge.alarm.journal import AlarmJournal
from edge.config import EdgeConfig
from edge.errors import EdgeError, Permanent
from edge.health import HealthReport
from edge.sqlite_file import open_durable
from edge.status import ask_health
from protocols.alarm.states import AlarmState
from protocols.reading import Reading

POLL_S = 0.25
_UNHEARD = frozenset({AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING})

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    reading: Reading
    receipted: bool
    """The centre's database has it."""


class Watching:
    def __init__(self, config: EdgeConfig) -> None:
        self._config = config

    def health(self) -> HealthReport | None:
        """None where no gateway with this configuration answers."""
        found = ask_health(self._config)
        return found if found is not None and found.gateway == self._config.gateway else None

    def measured(self, device: str, since: datetime) -> Measured | None:
        """The newest reading of the device that came in since then."""
        after = (device, since.timestamp())
        try:
            with open_durable(self._config.outbox_path, read_only=True) as db:
                waiting = _newest(db, "reading", after)
                return _newest(db, "kept", after, receipted=True) if waiting is None else waiting
        except Permanent:
            return None

    def call(self, device: str, since: datetime) -> tuple[AlarmState, bool] | None:
        """State of the device's newest call since then, and whether it was told as a test."""
        try:
            journal = AlarmJournal(self._config.journal_path, beside=True)
            try:
                calls = journal.calls_of(device, since)
            finally:
                journal.close()
        except EdgeError:
            return None
        return calls[0] if calls else None

    def tries_for(self, seconds: float) -> None:
        """Calls that begin within this time are told as tests; 0: no more. Raises EdgeError."""
        journal = AlarmJournal(self._config.journal_path, beside=True)
        try:
            journal.prove_until(time.time() + seconds if seconds else 0.0)
        finally:
            journal.close()

    @staticmethod
    def centre_has(state: AlarmState) -> bool:
        return state not in _UNHEARD

    @staticmethod
    def until(look: Callable[[], T | None], within_s: float) -> T | None:
        """The first thing that `look` finds; None where it finds nothing in time."""
        deadline_s = time.monotonic() + within_s
        while (found := look()) is None and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        return found


def _newest(
    db: sqlite3.Connection, table: str, after: tuple[str, float], *, receipted: bool = False
) -> Measured | None:
    """What a meter tells of itself, its battery say, is no measurement."""
    rows = db.execute(
        f"SELECT body FROM {table} WHERE device = ? AND received_at >= ? ORDER BY number DESC",  # noqa: S608 - ours
        after,
    )
    readings = (msgspec.json.decode(body, type=Reading) for (body,) in rows)
    found = next((reading for reading in readings if not reading.metric.startswith("device_")), None)
    return None if found is None else Measured(found, receipted)
