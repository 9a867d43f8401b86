"""What was handed over to gateways, and which calls they took: the side of the truth that no database holds."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firmware_sim.control import HomeControl, NotDone
from protocols.alarm.kinds import AlarmKind
from protocols.reading import Reading
from tests.system.chaos.households import Household

CALL = AlarmKind.PERSONAL_TRIGGER.value
"""Technical alarms and drills come by themselves, and are nobody's press."""
Source = tuple[str, str]
"""Gateway, and its name for the device."""


@dataclass(frozen=True)
class Handed:
    value: float
    seen_at_s: float
    """Unix seconds when this ledger first saw that it was handed over."""


@dataclass(frozen=True)
class Called:
    """A call that a gateway took."""

    alarm: str
    gateway: str
    at_s: float
    """Unix seconds when the button was pressed."""


class Ledger:
    """From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.meters: dict[Source, dict[datetime, Handed]] = {}
        """Records that a meter's reader acknowledged, by the meter's own clock."""
        self.sensors: dict[Source, dict[datetime, Handed]] = {}
        """Values that an outbox took, by when they were measured (UTC)."""
        self.waiting: dict[Source, int] = {}
        """Records that are in a meter and were not handed over yet."""
        self.calls: dict[str, Called] = {}
        self.pressed = 0
        self.pressed_again = 0
        """Presses that no gateway heard, being down just then: nothing lit up, and the person pressed again."""
        self.never_heard: list[tuple[str, float]] = []
        """Gateway and Unix seconds of presses that were given up."""

    def sensor_told(self, gateway: str, device: str, readings: Iterable[Reading]) -> None:
        """`readings` are durable in an outbox of `gateway`."""
        now_s = time.time()
        with self._lock:
            book = self.sensors.setdefault((gateway, device), {})
            book.update({reading.measured_at: Handed(reading.value, now_s) for reading in readings})

    def look(self, household: Household, control: HomeControl) -> None:
        """Asks the home's meters what they have handed over."""
        now_s = time.time()
        with contextlib.suppress(NotDone):
            for meter, records in control.records().items():
                source = (household.gateway, household.device_of(meter))
                with self._lock:
                    book = self.meters.setdefault(source, {})
                    for record in records:
                        if record.handed_over:
                            book.setdefault(record.at, Handed(record.glucose_mg_dl, now_s))
                    self.waiting[source] = sum(not record.handed_over for record in records)

    def called(self, alarm: str, gateway: str, at_s: float) -> None:
        with self._lock:
            self.calls.setdefault(alarm, Called(alarm, gateway, at_s))

    @property
    def handed_over(self) -> int:
        with self._lock:
            return sum(len(book) for books in (self.meters, self.sensors) for book in books.values())


def journalled(path: Path) -> Mapping[str, str]:
    """State by call of a person, from a gateway's journal while it is at work; empty where it cannot be read now."""
    with (
        contextlib.suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0)) as db,
    ):
        return dict(db.execute("SELECT alarm, state FROM alarm WHERE kind = ?", (CALL,)).fetchall())
    return {}
