"""What happened when, in one list: the faults, and what was noticed. For saying what was going on at an instant."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_BEFORE_S, _AFTER_S = 15.0, 10.0


@dataclass(frozen=True)
class Entry:
    at_s: float
    """Unix seconds."""
    text: str

    def line(self) -> str:
        return f"{datetime.fromtimestamp(self.at_s, UTC):%H:%M:%S.%f}"[:-3] + f"  {self.text}"


class Diary:
    """From any thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def note(self, text: str) -> None:
        entry = Entry(time.time(), text)
        with self._lock:
            self._entries.append(entry)
        self._say(entry.line())

    def around(self, at_s: float) -> list[str]:
        """What was noted from 15 s before to 10 s after."""
        with self._lock:
            return [e.line() for e in self._entries if at_s - _BEFORE_S <= e.at_s <= at_s + _AFTER_S]
