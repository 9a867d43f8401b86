"""When each nurse of a team may be planned, from now to the last day of the routes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from cloud.detection.model import Priority
from cloud.routes_config import Routes, clock_time
from cloud.visits.model import VisitState
from cloud.visits.routes.model import UNDER_WAY, Door, OpenVisit, Person, Stop, Team
from cloud.visits.routes.team import midnight

ON_CALL_MIN = 240.0
"""Outside of hours whoever is on duty is called for what is urgent, for so long ahead."""
_ON_THE_WAY = timedelta(minutes=15)
_LEAVES_SOON = timedelta(minutes=5)


@dataclass(frozen=True)
class Watch:
    """A stretch of hours of one nurse; minutes since midnight of the first day."""

    person: Person
    day: date
    begins: float
    ends: float
    begins_at: datetime
    ends_at: datetime
    """Of her whole day, also where that began before now."""
    start: Door
    office: Door
    urgent_only: bool = False
    pause: tuple[float, float, float] | None = None
    later: int = 0
    """Days from today."""


def under_way(team: Team, now: datetime, routes: Routes) -> list[Stop]:
    """Visits that somebody drives to or is at, with when she will be free as far as that can be told."""
    found = []
    today = now.astimezone(team.zone).date()
    for visit in team.visits:
        if visit.state not in UNDER_WAY or visit.nurse_id is None:
            continue
        lasts = timedelta(minutes=visit.minutes or routes.visit_min)
        arrives = visit.since
        if visit.state is VisitState.TRAVELLING:
            expected = visit.kept.arrives_at if visit.kept is not None else visit.since + _ON_THE_WAY
            arrives = max(now, expected)
        leaves = arrives + (timedelta(0) if visit.state is VisitState.NO_ANSWER else lasts)
        found.append(Stop(visit.visit_id, visit.nurse_id, today, arrives, max(leaves, now + _LEAVES_SOON), 0.0))
    return found


def watches(team: Team, now: datetime, routes: Routes, busy: Sequence[Stop]) -> list[Watch]:
    """By day and nurse. Outside of today's hours a nurse stands there for urgent visits alone, where there are any."""
    doors = {visit.visit_id: visit.door for visit in team.visits}
    last = {stop.nurse_id: stop for stop in sorted(busy, key=lambda stop: stop.leaves_at)}
    urgent = any(_waits_urgently(visit) for visit in team.visits)
    found = []
    for later in range(routes.days_ahead + 1):
        opens = midnight(now, team.zone, later)
        for person in team.people:
            if any(first <= opens.date() < after for first, after in person.away):
                continue
            begins_at, ends_at = _hours(person, opens, routes)
            stop = last.get(person.staff_id)
            office = team.offices[person.region_id]
            ready = begins_at if later else max(begins_at, now, stop.leaves_at if stop else now)
            start = office
            if later == 0:
                start = doors[stop.visit_id] if stop else person.was_at or office
            watch = Watch(
                person,
                opens.date(),
                minutes_since(ready, now, team),
                minutes_since(ends_at, now, team),
                begins_at,
                ends_at,
                start,
                office,
                later=later,
            )
            if later == 0 and urgent and not begins_at <= now < ends_at:
                free = max(now, stop.leaves_at if stop else now)
                called = minutes_since(free, now, team)
                found.append(
                    Watch(person, opens.date(), called, called + ON_CALL_MIN, now, now, start, office, urgent_only=True)
                )
            if ready < ends_at:
                found.append(replace(watch, pause=_pause(opens, watch, now, team, routes)))
    return found


def _waits_urgently(visit: OpenVisit) -> bool:
    return visit.priority is Priority.NOW and visit.state not in UNDER_WAY


def _hours(person: Person, opens: datetime, routes: Routes) -> tuple[datetime, datetime]:
    begins = person.works_from or clock_time(routes.works_from)
    ends = person.works_to or clock_time(routes.works_to)
    return _at(opens, begins), _at(opens, ends)


def _pause(
    opens: datetime, watch: Watch, now: datetime, team: Team, routes: Routes
) -> tuple[float, float, float] | None:
    """Where the hours hold it whole, and its latest start is still to come."""
    first, latest = _at(opens, clock_time(routes.pause_from)), _at(opens, clock_time(routes.pause_to))
    if routes.pause_min <= 0 or latest <= now or watch.begins_at > first or watch.ends_at < latest:
        return None
    earliest = max(minutes_since(first, now, team), min(watch.begins, minutes_since(latest, now, team)))
    return (earliest, minutes_since(latest, now, team), routes.pause_min)


def _at(opens: datetime, clock: time) -> datetime:
    return datetime.combine(opens.date(), clock, opens.tzinfo)


def minutes_since(moment: datetime, now: datetime, team: Team) -> float:
    """Minutes from the midnight before `now`, at the homes."""
    zero = midnight(now, team.zone)
    return (moment.astimezone(UTC) - zero.astimezone(UTC)).total_seconds() / 60.0
