"""Another way to the centre beside the alarm's own MQTT connection, such as SMS: what it is asked and what it tells.

The alarm is one alarm however many paths it takes: each carries the same `AlarmMessage.alarm`. A path is asked as soon
as the MQTT connection is known to be down, and when `alarm.no_answer_s` went by without the centre's answer. What the
home is told never depends on hope: a path tells only what it was told itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage


@dataclass(frozen=True)
class PathTook:
    """A carrier has accepted the call (for SMS: the network gave a reference). The home says "sent"."""

    alarm: str


@dataclass(frozen=True)
class PathSays:
    """The centre's own answer, which came by this path. A carrier's delivery report is none."""

    message: AlarmStateMessage


PathWord = PathTook | PathSays


class Path(Protocol):
    """Its methods are called in the alarm process's one thread and return at once: the work is done in a thread of
    the path's own, since nothing may hold up the other path."""

    @property
    def name(self) -> str: ...

    def start(self, tell: Callable[[PathWord], None]) -> None:
        """Begins. `tell` may be called from any thread until `stop` has returned."""

    def call(self, message: AlarmMessage) -> None:
        """Carries `message`, and tries by itself again until `heard` names its alarm. Asked for an alarm that it
        carries already: the newer message takes the older one's place (the call is cancelled)."""

    def heard(self, message: AlarmStateMessage) -> None:
        """The centre has answered, by whatever path: what was still to be sent for this alarm need not be."""

    def stop(self) -> None:
        """Ends within a few seconds, sent or not."""
