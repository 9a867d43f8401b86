"""Which volunteers suit a visit, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.services.volunteers.model import Hours, Seen, State
from cloud.services.volunteers.vetting import may_go

PROPOSED = 3
USUAL_MIN = 60
_LONGEST_WINDOW = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a visit asks of whoever goes."""

    elder_id: int
    wish: str | None
    skills: frozenset[str]
    """Without which nobody goes."""
    language: str | None
    """What the elder speaks best."""
    wished_sex: str | None
    region_id: int
    from_at: datetime
    by: datetime
    minutes: int
    zone: ZoneInfo
    refused_by: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    staff_id: int
    name: str
    state: State
    papers: tuple[Seen, ...]
    hours: tuple[Hours, ...]
    away: tuple[tuple[date, date], ...]
    """Days on which they have none: from, and up to but without."""
    skills: frozenset[str]
    languages: frozenset[str]
    sex: str | None
    region_id: int
    elder_id: int | None
    """They are this elder of ours."""
    week_minutes: int
    promised_minutes: int
    """Of visits that they are to make, and of those of the last seven days."""
    times_there: int
    """Visits that they made to this elder."""
    not_content: bool
    """This elder gave one of them a mark of 2 or less."""


@dataclass(frozen=True)
class Proposal:
    staff_id: int
    name: str
    free_at: datetime
    """When they first have time for it."""
    reasons: tuple[tuple[str, str], ...]
    """Codes, each with its detail: a number, a language, a skill, or nothing."""
    score: float


def proposals(need: Need, candidates: Iterable[Candidate], at_most: int = PROPOSED) -> list[Proposal]:
    """The best first. Those who may not go, lack something, declined or have no time are none."""
    found = [one for one in (_proposal(need, candidate) for candidate in candidates) if one is not None]
    return sorted(found, key=lambda one: (-one.score, one.free_at, one.staff_id))[:at_most]


def _proposal(need: Need, one: Candidate) -> Proposal | None:
    if (
        one.staff_id in need.refused_by
        or one.elder_id == need.elder_id
        or not need.skills <= one.skills
        or (need.wished_sex is not None and one.sex != need.wished_sex)
        or one.not_content
        or one.promised_minutes + need.minutes > one.week_minutes
    ):
        return None
    free_at = first_free(need, one)
    if free_at is None or not may_go(one.state, one.papers, free_at.astimezone(need.zone).date()):
        return None
    reasons: list[tuple[str, str]] = []
    score = 0.0
    if one.times_there:
        reasons.append(("knows_them", str(one.times_there)))
        score += 3 + min(one.times_there, 5) / 10
    offered = sorted(({need.wish} if need.wish else frozenset()) & one.skills) or sorted(need.skills)
    if offered:
        reasons.append(("offers_it", offered[0]))
        score += 2
    if one.region_id == need.region_id:
        reasons.append(("lives_near", ""))
        score += 1.5
    if need.language is not None and need.language in one.languages:
        reasons.append(("speaks", need.language))
        score += 2
    reasons.append(("has_time", free_at.isoformat()))
    share = one.promised_minutes / one.week_minutes
    if share < 0.25:
        reasons.append(("little_to_do", ""))
    return Proposal(one.staff_id, one.name, free_at, tuple(reasons), round(score + 1 - share, 3))


def first_free(need: Need, one: Candidate) -> datetime | None:
    """The first moment from which they have the visit's minutes without a break, before its promise ends."""
    end = min(need.by, need.from_at + _LONGEST_WINDOW)
    lasts = timedelta(minutes=need.minutes)
    day, last = need.from_at.astimezone(need.zone).date(), end.astimezone(need.zone).date()
    while day <= last:
        if not any(begin <= day < after for begin, after in one.away):
            for window in sorted(hours for hours in one.hours if hours.weekday == day.weekday()):
                begin = max(datetime.combine(day, window.from_time, need.zone), need.from_at)
                if begin <= end and begin + lasts <= datetime.combine(day, window.to_time, need.zone):
                    return begin
        day += timedelta(days=1)
    return None
