"""When a team works, and what can be promised by that. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud.config import Visits
from cloud.detection.model import Priority
from cloud.routes_config import Routes, clock_time
from cloud.visits.promises import promised_within

_DAYS = 14
"""So far ahead a day is sought on which somebody works."""


@dataclass(frozen=True)
class NurseHours:
    works_from: time | None
    """By the homes' clock; None: the centre's hours."""
    works_to: time | None
    away: tuple[tuple[date, date], ...] = ()
    """Days off: the first, and the one after the last."""


@dataclass(frozen=True)
class TeamHours:
    """Of the nurses on duty who go to one elder."""

    zone: ZoneInfo
    nurses: tuple[NurseHours, ...]

    def on(self, day: date, routes: Routes) -> tuple[datetime, datetime] | None:
        """When the first begins and the last ends; None where nobody works that day."""
        there = [one for one in self.nurses if not any(first <= day < after for first, after in one.away)]
        if not there:
            return None
        begins = min(one.works_from or clock_time(routes.works_from) for one in there)
        ends = max(one.works_to or clock_time(routes.works_to) for one in there)
        return datetime.combine(day, begins, self.zone), datetime.combine(day, ends, self.zone)


def promise(
    priority: Priority, at: datetime, team: TeamHours | None, promises: Visits, routes: Routes, *, floor: bool = False
) -> datetime:
    """The time that is promised for what is asked for at `at`.

    What is for today is promised within the hours of the team: while they last long enough, by their end at the latest;
    after that by the first of the next morning on which somebody works. What is urgent, holds a floor or has the week
    is promised by its length alone, and so is everything where nobody's hours are known.
    """
    plain = at + promised_within(priority, promises)
    if priority is not Priority.TODAY or floor or team is None:
        return plain
    today = at.astimezone(team.zone).date()
    for later in range(_DAYS):
        hours = team.on(today + timedelta(days=later), routes)
        if hours is None:
            continue
        begins, ends = hours
        first = min(begins + timedelta(hours=promises.promise_morning_h), ends)
        if at <= begins:
            return min(max(first, plain), ends).astimezone(UTC)
        if ends - at >= timedelta(minutes=promises.promise_least_min):
            return min(plain, ends).astimezone(UTC)
    return plain
