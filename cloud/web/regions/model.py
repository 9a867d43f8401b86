"""Regions and what was counted in them."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Place:
    """A region of the tree."""

    region_id: int
    code: str
    name: str
    level: str
    parent_id: int | None


@dataclass(frozen=True)
class Counts:
    """Of homes that stand in the region itself, or of it and all below it."""

    elders: int = 0
    visits: int = 0
    alerts: int = 0
    alarms: int = 0
    due: int = 0
    """Promised visits whose time is over, or to which somebody came."""
    kept: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


@dataclass(frozen=True)
class Shown:
    """Counts as they may be shown; None: too small, or it would tell what is."""

    elders: int | None = None
    visits: int | None = None
    alerts: int | None = None
    alarms: int | None = None
    due: int | None = None
    kept_share: float | None = None
    """0 to 1."""


@dataclass(frozen=True)
class Line:
    place: Place
    shown: Shown
    below: bool
    """Whether there are figures of regions below it."""
    itself: bool = False
    """Homes that stand in no region below it."""


@dataclass(frozen=True)
class Figures:
    way: tuple[Place, ...]
    """From the widest region that is seen to the one asked for, which is the last."""
    whole: Shown
    lines: tuple[Line, ...]
