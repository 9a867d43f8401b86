"""The figures of the quality page as they were counted, before small numbers are hidden."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_DAYS = 366


@dataclass(frozen=True)
class Span:
    """Whole days of one zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """Where the day after the last one begins."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def span_of(first: date | None, last: date | None, days: int, today: date, zone: ZoneInfo) -> Span:
    """The days asked for: from `first` to `last`, or the `days` up to `last`, which is today unless it is said.

    Ends that are the wrong way round are turned; a span of more than LONGEST_DAYS is cut at its beginning, and what
    lies after today is left out.
    """
    end = min(last or today, today)
    begin = first if first is not None else end - timedelta(days=days - 1)
    begin, end = min(begin, end), max(min(begin, today), end)
    return Span(max(begin, end - timedelta(days=LONGEST_DAYS - 1)), end, zone)


@dataclass(frozen=True)
class Promises:
    """Visits promised within the span, of one region and priority, by what was promised first."""

    region_id: int
    region: str
    priority: str
    kept: int
    """Somebody was at the door by the promised time."""
    late: int
    """Somebody came after it."""
    missed: int
    """The time has passed and nobody came yet."""
    to_come: int
    cancelled: int

    @property
    def due(self) -> int:
        return self.kept + self.late + self.missed


@dataclass(frozen=True)
class Waiting:
    """How long people waited for one thing, of those who got it."""

    what: str
    n: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True)
class Kind:
    """Visits asked for within the span, by what asked for them."""

    kind: str
    made: int
    """Somebody was there and reported."""
    cancelled: int
    open: int

    @property
    def n(self) -> int:
        return self.made + self.cancelled + self.open


@dataclass(frozen=True)
class Alerts:
    """Alerts raised within the span, by cause and by what the nurses said of them."""

    cause: str
    right: int
    technique: int
    false: int
    unjudged: int
    """Over, and nobody said whether it was right."""
    open: int

    @property
    def judged(self) -> int:
        return self.right + self.technique + self.false

    @property
    def n(self) -> int:
        return self.judged + self.unjudged + self.open


@dataclass(frozen=True)
class Marks:
    """Elders' assessments given within the span, of the visits of one nurse or in one region."""

    of: str
    """`nurse` or `region`."""
    key: int
    name: str
    n: int
    total: int
    """Of the faces, 1 to 5."""
    content: int
    """Faces 4 and 5."""
    low: int
    """Faces 1 and 2."""


@dataclass(frozen=True)
class Counted:
    """All that the page shows."""

    promises: Sequence[Promises]
    waiting: Sequence[Waiting]
    kinds: Sequence[Kind]
    alerts: Sequence[Alerts]
    marks: Sequence[Marks]
    reports: int
    """Reports filed within the span: so many visits could have been assessed."""


def sum_promises(rows: Iterable[Promises], *, region: str = "", priority: str = "") -> Promises:
    """One row for several."""
    found = list(rows)
    counts = {
        field.name: sum(getattr(row, field.name) for row in found) for field in fields(Promises) if field.type is int
    }
    counts["region_id"] = found[0].region_id if found else 0
    return Promises(**{**counts, "region": region, "priority": priority})
