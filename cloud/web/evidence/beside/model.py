"""Calls and requests to measure again, as a record shows them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class PastCall:
    alarm_id: UUID
    kind: str
    heard_at: datetime
    state: str
    close_reason: str | None


@dataclass(frozen=True)
class AskedAgain:
    """The elder was asked to measure again, before anybody travels."""

    ask_id: int
    metric: str
    why: str
    asked_at: datetime
    until: datetime
    answered_at: datetime | None
    """When the second measurement was made."""
    became: str | None
    """Of the request by voice: protocols.telemetry.measuring_again.Became; None: no home told."""
