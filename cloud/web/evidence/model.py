"""Rows about one elder, as pages need them. Values are canonical (protocols.reading.CANONICAL_UNIT), times UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Measured:
    metric: str
    measured_at: datetime
    value: float
    flags: tuple[str, ...] = ()
    meal: str | None = None


@dataclass(frozen=True)
class Point:
    """One of several elders' readings, for a line without words."""

    elder_id: int
    metric: str
    measured_at: datetime
    value: float


@dataclass(frozen=True)
class Daily:
    """One metric's day, for ranges too long to show each reading."""

    metric: str
    measured_at: datetime
    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Band:
    """Own normal of one metric."""

    metric: str
    centre: float
    low: float
    high: float
    count: int
    computed_at: datetime


@dataclass(frozen=True)
class Night:
    """Bathroom movements between 22:00 and 06:00; `morning` is the day on which the night ended."""

    morning: date
    movements: int


@dataclass(frozen=True)
class Noticed:
    """An alert with what became of it."""

    alert_id: int
    cause: str
    priority: str
    reasons: list[dict[str, Any]]
    raised_at: datetime
    state: str
    closed_at: datetime | None
    verdict: str | None
    verdict_by: str | None
    verdict_at: datetime | None
    visit_id: int | None


@dataclass(frozen=True)
class PastVisit:
    visit_id: int
    kind: str
    state: str
    wish: str | None
    cause: str | None
    nurse: str | None
    asked_at: datetime
    filed_at: datetime | None
    findings: list[str] | None
    actions: list[str] | None
    note: str | None
    verdict: str | None
    next_on: date | None
    face: int | None
    word: str | None
    measured: list[dict[str, Any]] | None
    """By the nurse: metric, and value in its canonical unit."""
    media: int
    """Photos and spoken words that this viewer is shown."""


@dataclass(frozen=True)
class Contact:
    place: int
    name: str
    relation: str
    phone: str


@dataclass(frozen=True)
class Person:
    """An elder with the home. Staff may see one whose home lies in their regions."""

    elder_id: int
    code: str
    name: str
    born_on: date | None
    sex: str | None
    conditions: list[str]
    risks: list[str]
    plan: str
    data_note: str
    home_id: int
    address: str
    door_note: str
    time_zone: str
    region_id: int
    community: str
    street: str | None
