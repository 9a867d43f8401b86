"""A gateway as supervision sees it, and an event of silence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

HEARTBEAT = timedelta(seconds=60)
"""The longest that a gateway waits between two heartbeats."""
SILENT_AFTER = 2 * HEARTBEAT
"""Two heartbeats did not come."""
GATHERING = timedelta(seconds=45)
"""How long a silent gateway waits for its neighbours, so that a street becomes one event; an alert stands in time for
180 s all the same."""
LATE_AFTER = HEARTBEAT + timedelta(seconds=15)
"""From then on a gateway counts as silent where its neighbours are."""
MANY = 3
"""So many homes at least, and half of the street, are a street."""
TOGETHER = timedelta(minutes=10)
"""Homes of a street that fell silent within this time fell silent together."""


class Cause(StrEnum):
    POWER_LOST = "power_lost"
    """Its last words were of lost mains."""
    LINK_LOST = "link_lost"
    """Its connection broke or was closed, and it had not told of lost mains."""
    UNKNOWN = "unknown"
    """Its connection stands, and nothing comes: it may hang, or what lies between may."""


class Scope(StrEnum):
    HOME = "home"
    STREET = "street"
    CENTRE = "centre"
    """Nobody is heard at all: more likely the broker, the ingest or the centre's own line than all homes."""


@dataclass(frozen=True)
class Watched:
    """A gateway that was heard at least once. Times are the database's."""

    gateway_id: str
    region_id: int
    street_id: int
    noted_at: datetime
    """When its last heartbeat was stored."""
    online: bool
    """False: a last will or a farewell came after it."""
    mains: bool | None
    """What its last heartbeat said of its power; None: it cannot tell."""
    mains_alarm: bool
    """An alarm about its lost mains is open."""

    @property
    def cause(self) -> Cause:
        if self.mains is False or self.mains_alarm:
            return Cause.POWER_LOST
        return Cause.UNKNOWN if self.online else Cause.LINK_LOST


@dataclass(frozen=True)
class Member:
    gateway_id: str
    cause: Cause
    since: datetime
    left_at: datetime | None


@dataclass(frozen=True)
class Silence:
    """An open event."""

    silence_id: UUID
    scope: Scope
    region_id: int | None
    since: datetime
    members: tuple[Member, ...]

    @property
    def present(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.left_at is None)


@dataclass(frozen=True)
class Opening:
    """An event that begins."""

    scope: Scope
    region_id: int | None
    gateways: tuple[Watched, ...]

    @property
    def since(self) -> datetime:
        return min(gateway.noted_at for gateway in self.gateways)

    @property
    def cause(self) -> Cause:
        """That of more than half of them; none has such a part: unknown."""
        causes = [gateway.cause for gateway in self.gateways]
        return next((cause for cause in Cause if causes.count(cause) * 2 > len(causes)), Cause.UNKNOWN)


@dataclass(frozen=True)
class Changes:
    """What one look found; done in this order."""

    left: tuple[tuple[UUID, str], ...]
    """Event and gateway: heard again, or counted elsewhere."""
    closed: tuple[UUID, ...]
    opened: tuple[Opening, ...]
    joined: tuple[tuple[UUID, Watched], ...]
