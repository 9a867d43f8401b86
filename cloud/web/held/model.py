"""Alerts that wait, as rows and as they are shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class HeldAlert:
    alert_id: int
    cause: str
    priority: str
    score: float
    reasons: list[dict[str, Any]]
    raised_at: datetime
    elder_id: int
    elder_name: str
    time_zone: str
    region_id: int
    community: str


@dataclass(frozen=True)
class Week:
    """A team's last days."""

    region_id: int
    community: str
    patients: int
    sent: int
    """Alerts that went out, urgent ones with them."""


@dataclass(frozen=True)
class Words:
    """What a team's nurses said of alerts of one cause."""

    region_id: int
    cause: str
    right: int
    wrong: int
