"""Accounts, deeds and their lines."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud.errors import Conflict


class System(StrEnum):
    """Accounts that are nobody's."""

    COMMUNITY = "community"
    """Pays for visits of elders who have no hours, and takes what is given to all. It may owe."""
    RESERVED = "reserved"
    """What is set aside for visits that somebody is to make."""
    EXPIRED = "expired"
    TRANSIT = "transit"
    """On its way to another bank, which has not agreed yet."""


def account_of_bank(name: str) -> str:
    """The system account that says how we stand with another bank. It may owe."""
    return f"bank:{name}"


class Deed(StrEnum):
    EARN = "earn"
    """A visit was made: its minutes go to who made it, out of what was set aside, and the rest from the community."""
    GIVE = "give"
    RESERVE = "reserve"
    RELEASE = "release"
    """Nobody need come: what was set aside goes back."""
    EXPIRE = "expire"
    CORRECT = "correct"
    """Takes a whole deed back; the right one follows as a deed of its own."""
    SEND = "send"
    """Minutes leave for another bank and wait for its word."""
    SENT = "sent"
    """The other bank agreed: they are gone."""
    SEND_BACK = "send_back"
    RECEIVE = "receive"


@dataclass(frozen=True)
class Line:
    account_id: int
    minutes: int
    """To the account; below zero: from it."""


@dataclass(frozen=True)
class Entry:
    """One deed. Its lines sum to zero, each account stands in one of them."""

    entry_id: UUID
    """The same deed has the same id: booked twice, it is booked once."""
    kind: Deed
    lines: tuple[Line, ...]
    visit_id: int | None = None
    corrects_id: UUID | None = None
    why: str = ""
    """A code."""

    def __post_init__(self) -> None:
        if len(self.lines) < 2 or sum(line.minutes for line in self.lines) != 0:
            raise ValueError("the lines of a deed sum to zero, and there are two of them at least")
        accounts = {line.account_id for line in self.lines if line.minutes != 0}
        if len(accounts) < len(self.lines):
            raise ValueError("each account stands once in a deed, with some minutes")

    def of_visit(self, visit_id: int) -> "Entry":
        return replace(self, visit_id=visit_id)


@dataclass(frozen=True, kw_only=True)
class Account:
    account_id: int
    code: str
    """What others give hours to; it names nobody."""
    staff_id: int | None
    elder_id: int | None
    balance: int
    """Minutes."""


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    entry_id: UUID
    kind: str
    """A Deed."""
    at: datetime
    minutes: int
    balance: int
    """After it."""
    visit_id: int | None
    why: str
    corrected: bool
    """A later deed took it back."""
    disputed: bool
    """Somebody said that it is not right, and waits for an answer."""


class NotEnough(Conflict):
    """An account would fall below zero. Nothing was booked."""

    def __init__(self) -> None:
        super().__init__("there are not enough hours on the account")
