"""An alarm at the centre: a person calls, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from cloud.errors import Conflict
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage


class CloseReason(StrEnum):
    REAL = "real"
    TEST = "test"
    MISTAKE = "mistake"
    CANCELLED = "cancelled"
    """Taken back in the home before anybody took it; only the home says this."""


@dataclass(frozen=True)
class Alarm:
    alarm_id: UUID
    gateway_id: str
    """Empty: it was said in words, and no gateway called."""
    elder_id: int | None
    """None: nobody is known to wear the device, and the home has not just one elder."""
    kind: AlarmKind
    device: str
    test: bool
    raised_at: datetime
    heard_at: datetime
    state: AlarmState
    taken_by: int | None
    taken_by_name: str | None
    taken_at: datetime | None
    minutes: int | None
    """Until somebody is at the door, as the home was told."""
    close_reason: CloseReason | None
    closed_at: datetime | None
    overdue: bool
    """Nobody took it within the promised time."""


@dataclass(frozen=True)
class Untold:
    """A step that the home has not been told yet."""

    alarm_event_id: int
    gateway_id: str
    """Empty: there is no gateway to tell."""
    message: AlarmStateMessage


class Doing(StrEnum):
    """What a person does with an alarm."""

    SEE = "see"
    """Opened the card of who calls."""
    TAKE = "take"
    ON_THE_WAY = "on_the_way"
    SEND = "send"
    """Asks for a visit; takes the alarm where nobody has it."""
    NOTE = "note"
    CLOSE = "close"

    @property
    def needs_holder(self) -> bool:
        """Whether only who has the alarm may do it, or else gets the alarm by it."""
        return self not in (Doing.SEE, Doing.NOTE)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One step of one person, as the desk's journal has it."""

    alarm_id: UUID
    gateway_id: str
    doing: Doing
    staff_id: int
    staff_name: str
    at: datetime
    minutes: int | None = None
    reason: Literal["real", "test", "mistake"] | None = None
    note: str = ""
    number: int = 0
    """Its place in the journal; 0 before it stands there."""
    stands: bool = False
    """The database was away: the journal answers for it."""
    told_at: datetime | None = None
    """When the home was told."""

    def numbered(self, number: int, *, stands: bool) -> "Act":
        return replace(self, number=number, stands=stands)


@dataclass(frozen=True)
class Holder:
    staff_id: int
    name: str
    at: datetime
    closed: bool


@dataclass(frozen=True)
class KeptAlarm:
    """A home's message that the database has not got yet."""

    gateway_id: str
    message: AlarmMessage
    heard_at: datetime
    told_at: datetime | None


def at_centre(kept: KeptAlarm) -> Untold:
    """The first step of an alarm that is kept."""
    message = AlarmStateMessage(alarm=kept.message.alarm, state=AlarmState.AT_CENTRE, at=kept.heard_at)
    return Untold(0, kept.gateway_id, message)


class HeldByAnother(Conflict):
    """Somebody else has the alarm."""

    def __init__(self, name: str, since: datetime | None) -> None:
        super().__init__(f"{name} has this alarm already")
        self.name = name
        self.since = since
