"""What the pages of demands show."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True)
class DemandRow:
    demand_id: int
    elder_id: int
    elder_name: str
    community: str
    region_id: int
    time_zone: str
    mouth: str
    who: str | None
    """Of staff, who wrote it down."""
    relative: str | None
    """Who of the family said it."""
    text: str
    kind: str | None
    sorted_by: str | None
    certainty: float | None
    guesses: list[str]
    urgency: str
    from_at: datetime | None
    until_at: datetime | None
    state: str
    said_at: datetime
    said_last_at: datetime
    times: int
    visit_id: int | None
    visit_state: str | None
    promised_by: datetime | None
    nurse: str | None
    alarm_id: UUID | None
    alarm_state: str | None
    face: int | None
    """What the elder said of the visit."""

    @property
    def doubtful(self) -> bool:
        """A person is to say which kind it is."""
        return self.state == "doubt" or (self.kind is None and self.state == "visit")

    @property
    def waits_for_desk(self) -> bool:
        return self.state in ("doubt", "open")


@dataclass(frozen=True)
class HistoryLine:
    at: datetime
    source: str
    """demand, visit or alarm: whose step it is."""
    what: str
    state: str
    kind: str | None
    actor: str
    who: str | None
    """Of staff."""
    note: str


@dataclass(frozen=True)
class FoundElder:
    """Somebody whom the desk may mean."""

    elder_id: int
    name: str
    born_on: date | None
    home_code: str
    address: str
    community: str
    time_zone: str
    by_phone: str | None
    """Of the family, whose number was typed."""
