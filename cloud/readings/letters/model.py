"""A dead letter as a person at a terminal sees it, and what a replay made of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class DeadLetter:
    """One row of `dead_letter`."""

    dead_letter_id: int
    topic: str
    payload: bytes
    reason: str
    """Why it could not be used when it was last looked at."""
    first_at: datetime
    last_at: datetime
    times: int
    """How often it came."""
    replayed_at: datetime | None
    """When a replay took all of it; None while something of it is still refused."""


class Outcome(StrEnum):
    TAKEN = "taken"
    """All of it is in the database now."""
    TAKEN_BEFORE = "taken_before"
    """An earlier replay took it; nothing was done."""
    PASSED = "passed"
    """It can be read, but told of a moment that has passed; nothing is left to do."""
    REFUSED = "refused"
    """Something of it, or all of it, is still refused. What could be taken of it was."""


@dataclass(frozen=True)
class Replayed:
    """What a replay made of one letter."""

    dead_letter_id: int
    topic: str
    outcome: Outcome
    readings: int = 0
    """New rows."""
    duplicates: int = 0
    """Readings that were there already."""
    why: str = ""
    """In a sentence, unless it was taken."""
