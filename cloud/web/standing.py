"""How a promise stands: kept, to come, at risk, or broken. Late is its own word; it is more than at risk."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Standing(StrEnum):
    LATE = "late"
    """The promised moment has passed and nobody is at the door."""
    RISK = "risk"
    """Most of the promised time is gone and nobody has accepted."""
    PROMISED = "promised"
    KEPT = "kept"
    """Somebody is at the door, or was; or nobody is to come any more."""

    @property
    def rank(self) -> int:
        """What is looked at first has the lowest."""
        return list(Standing).index(self)


class Promise(Protocol):
    """What a visit says of its promise."""

    @property
    def state(self) -> str: ...
    @property
    def promised_by(self) -> datetime: ...
    @property
    def at_risk(self) -> bool: ...


_BEFORE_THE_DOOR = frozenset({"proposed", "assigned", "accepted", "travelling"})


def standing(visit: Promise, now: datetime) -> Standing:
    if visit.state not in _BEFORE_THE_DOOR:
        return Standing.KEPT
    if visit.promised_by < now:
        return Standing.LATE
    return Standing.RISK if visit.at_risk else Standing.PROMISED
