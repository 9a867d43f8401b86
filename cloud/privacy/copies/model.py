"""A copy that somebody asked for on a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LASTS = timedelta(hours=24)
"""After so long it cannot be fetched any more, and what was made of it goes."""
GIVEN_UP = timedelta(minutes=15)
"""Who makes one for so long was killed: it is made anew."""


class State(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FETCHED = "fetched"
    FAILED = "failed"
    ENDED = "ended"
    """Nobody fetched it in time."""


@dataclass(frozen=True)
class Asker:
    """Whose copy it is, and who asked: somebody of staff, one of the family, or, with neither, the elder."""

    elder_id: int
    staff_id: int | None = None
    relative_id: int | None = None


@dataclass(frozen=True)
class DataCopy:
    copy_id: int
    asked_at: datetime
    made_at: datetime | None
    failed_at: datetime | None
    fetched_at: datetime | None
    ends_at: datetime
    size_bytes: int | None

    def state(self, now: datetime) -> State:
        if self.fetched_at is not None:
            return State.FETCHED
        if self.failed_at is not None:
            return State.FAILED
        if self.ends_at <= now:
            return State.ENDED
        return State.WAITING if self.made_at is None else State.READY


@dataclass(frozen=True)
class Wanted:
    """One that is to be made."""

    copy_id: int
    elder_id: int
    code: str
    relative_id: int | None
    purposes: list[str]
    """What the elder agreed to, where it is for one of the family."""
