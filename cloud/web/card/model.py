"""What stands on the card of an elder who calls."""

from dataclasses import dataclass
from datetime import datetime

from cloud.web.board.model import BoardAlarm
from cloud.web.evidence.model import Contact, Measured, Person


@dataclass(frozen=True)
class Basics:
    """What is remembered of every elder, for a call that comes while the database is away."""

    person: Person
    contacts: list[Contact]
    """In the order in which they are to be called."""


@dataclass(frozen=True)
class CardStep:
    """One step of an alarm, or a line that somebody added."""

    state: str
    at: datetime
    who: str | None
    minutes: int | None
    note: str
    told_home_at: datetime | None
    """When the home was told of the state; None: not yet."""
    for_home: bool
    """The home is to hear of it; else it is the desk's own."""


@dataclass(frozen=True)
class Card:
    alarm: BoardAlarm
    basics: Basics | None
    """None where nobody is known to have called."""
    latest: list[Measured]
    steps: list[CardStep]
    visit_id: int | None
    complete: bool
    """False while the database is away: readings and earlier steps are missing."""
