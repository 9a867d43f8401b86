"""What the page of unsure measurements shows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Value:
    metric: str
    value: float
    """In the metric's canonical unit."""
    flags: list[str]

    @property
    def bound(self) -> str:
        """HI or LO where the meter could not say more; else empty."""
        return "HI" if "above_range" in self.flags else "LO" if "below_range" in self.flags else ""


@dataclass(frozen=True)
class Usual:
    """Somebody's own normal of a metric, and where they are known for it."""

    metric: str
    low: float
    high: float


@dataclass(frozen=True)
class Person:
    """Somebody whose it may have been."""

    elder_id: int
    name: str
    usual: list[Usual]
    times: list[str]
    """When they usually measure, such as "06:30-08:00"."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act of measuring, with all that a person needs to say whose it was."""

    device_id: int
    record_key: int
    measured_at: datetime
    device_kind: str
    device_label: str
    home_code: str
    address: str
    time_zone: str
    why: str
    certainty: float | None
    user_slot: int | None
    rule: str | None
    elder_id: int | None
    elder_name: str | None
    said_by: str | None
    ruling_id: int
    """The newest ruling on it; 0: none."""
    severe: str | None
    """How urgent it is, where its value is severe and nobody knows whose it is: `now` or `today`."""
    values: list[Value]
    people: list[Person] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Text, since a script's numbers do not hold a record key."""
        return f"{self.device_id}-{self.record_key}"

    @property
    def flags(self) -> list[str]:
        """Each once, in the order of the values."""
        return list(dict.fromkeys(flag for value in self.values for flag in value.flags))

    @property
    def urgency(self) -> int:
        """Lower comes first."""
        if self.severe is not None:
            return 0 if self.severe == "now" else 1
        return 2 if self.stands_out else 3

    @property
    def stands_out(self) -> bool:
        """Far from what is usual for everybody, or beyond the meter's range: the sooner it is known, the better."""
        return self.why == "like_nobody" or any(value.bound for value in self.values)


@dataclass(frozen=True)
class Unsure:
    open: list[Act]
    """Those that are nobody's yet."""
    filed: list[Act]
    """Those of late that a rule filed, or a person."""


def act_of(row: dict[str, Any], people: list[Person]) -> Act:
    return Act(**{**row, "values": [Value(**value) for value in row["values"]]}, people=people)
