"""A team and its open visits as the tables say, and the routes that are made of them."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from cloud.detection.model import Priority
from cloud.visits.model import VisitState
from cloud.visits.planning.travel import Spot

UNDER_WAY = frozenset({VisitState.TRAVELLING, VisitState.AT_THE_DOOR, VisitState.NO_ANSWER})
"""Somebody goes there or stands there: nothing of it is planned."""


class Unplannable(StrEnum):
    """Why an open visit stands in no route, beside cloud.visits.planning.roster.WhyNot."""

    DAY_FULL = "day_full"
    NO_NURSE = "no_nurse"


class Moved(StrEnum):
    """Why somebody was told another time or nurse."""

    URGENT = "urgent"
    LATER = "later"
    """Something before it took longer, or began later."""
    NURSE = "nurse"
    """The nurse who was to come does not."""
    AWAY = "away"
    """She is away that day."""
    DESK = "desk"
    BETTER = "better"
    """At a set hour all routes were made anew."""


@dataclass(frozen=True)
class Door:
    """Where a route begins, or a home."""

    code: str
    """Of the home or region; in the road matrix."""
    spot: Spot | None
    """None: nobody wrote down where it is."""


@dataclass(frozen=True)
class Region:
    region_id: int
    parent_id: int | None
    door: Door


@dataclass(frozen=True)
class Person:
    """A nurse on duty."""

    staff_id: int
    region_id: int
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    sex: str | None = None
    works_from: time | None = None
    works_to: time | None = None
    away: tuple[tuple[date, date], ...] = ()
    """Days off: the first, and the one after the last."""
    was_at: Door | None = None
    """The home of her last report today."""


@dataclass(frozen=True)
class Kept:
    """Where a visit stands in the routes."""

    nurse_id: int
    day: date
    arrives_at: datetime
    leaves_at: datetime
    told_at: datetime
    travel_min: float = 0.0
    """From the stop before."""


@dataclass(frozen=True, kw_only=True)
class OpenVisit:
    visit_id: int
    elder_id: int
    region_id: int
    door: Door
    priority: Priority
    state: VisitState
    nurse_id: int | None
    asked_by_desk: bool
    """Assigned, and by a person: the centre asks nobody else."""
    answer_by: datetime | None
    from_at: datetime | None
    promised_by: datetime
    since: datetime
    """Of its state."""
    skills: frozenset[str]
    words: frozenset[str]
    """Its alert's cause, its wish and its kind: the configuration says which skills these need."""
    minutes: int | None
    together_with: int | None
    pinned_to: int | None
    pinned_at: datetime | None
    refused_by: frozenset[int]
    known_nurse: int | None
    language: str | None
    wished_sex: str | None
    kept: Kept | None
    unplanned: bool
    """Whether it is written down as such."""

    @property
    def fixed_to(self) -> int | None:
        """The nurse who has it or is being asked, and whom no plan takes it from."""
        if self.pinned_to is not None and self.state in (VisitState.PROPOSED, VisitState.ASSIGNED):
            return self.pinned_to
        if self.state is VisitState.PROPOSED:
            return None
        if self.state is VisitState.ASSIGNED and not self.asked_by_desk and self.answer_by is None:
            return None
        return self.nurse_id


@dataclass(frozen=True)
class Team:
    """Nurses who share homes, and those homes."""

    region_id: int
    """The widest of its nurses' regions."""
    regions: frozenset[int]
    """Of its homes."""
    reach: dict[int, frozenset[int]]
    """By nurse: the regions to whose homes she goes."""
    zone: ZoneInfo
    offices: dict[int, Door]
    """By region: where its nurses' routes begin and end."""
    people: tuple[Person, ...]
    visits: tuple[OpenVisit, ...]
    version: int
    """Of its plan; who writes another first wins."""
    hour_done: datetime | None


@dataclass(frozen=True)
class Stop:
    """A visit in its place in a route."""

    visit_id: int
    nurse_id: int
    day: date
    arrives_at: datetime
    leaves_at: datetime
    travel_min: float


@dataclass(frozen=True)
class Shift:
    nurse_id: int
    day: date
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class NotPlanned:
    visit_id: int
    why: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class TeamPlan:
    """The whole of a team's plan. Every open visit of it is a stop or is not planned, and never both."""

    stops: tuple[Stop, ...]
    not_planned: tuple[NotPlanned, ...]
    shifts: tuple[Shift, ...] = ()
    cost: float = field(default=0.0, compare=False)
