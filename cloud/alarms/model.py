"""An alarm at the centre: a person calls, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud.errors import Conflict
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmStateMessage


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
    message: AlarmStateMessage


class HeldByAnother(Conflict):
    """Somebody else has the alarm."""

    def __init__(self, name: str, since: datetime | None) -> None:
        super().__init__(f"{name} has this alarm already")
        self.name = name
        self.since = since
