"""Who is told another time or nurse, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.visits.routes.model import UNDER_WAY, Moved, OpenVisit, Person, Stop

_ROUND_MIN = 5
_PROMISED_ANEW = frozenset({Moved.URGENT, Moved.AWAY})


@dataclass(frozen=True)
class Move:
    visit_id: int
    why: Moved
    because_id: int | None
    """The urgent visit that came between."""
    nurse_before: int
    nurse_id: int
    arrival_before: datetime
    arrival: datetime
    promised_before: datetime
    promised_by: datetime


def moves_of(
    visits: Iterable[OpenVisit],
    stops: Iterable[Stop],
    now: datetime,
    tell_min: float,
    *,
    people: Iterable[Person] = (),
    anew: bool = False,
) -> list[Move]:
    """`anew`: all routes were searched at a set hour.

    What an urgent visit makes late, or that its nurse is away, is promised anew, a little behind its new arrival;
    nothing else moves a promise.
    """
    days_off = {person.staff_id: person.away for person in people}
    known = {visit.visit_id: visit for visit in visits}
    stops = list(stops)
    urgent = next((stop for stop in stops if _came_between(known[stop.visit_id])), None)
    found = []
    for stop in stops:
        visit = known[stop.visit_id]
        kept = visit.kept
        if kept is None or visit.state in UNDER_WAY:
            continue
        shifted = abs((stop.arrives_at - kept.told_at).total_seconds()) / 60.0
        if stop.nurse_id == kept.nurse_id and shifted < tell_min:
            continue
        away = any(first <= kept.day < after for first, after in days_off.get(kept.nurse_id, ()))
        why = _why(visit, stop, anew=anew, between=urgent is not None, away=away)
        promised_by = visit.promised_by
        if why in _PROMISED_ANEW and now <= promised_by < stop.arrives_at:
            promised_by = _rounded(stop.arrives_at + timedelta(minutes=tell_min))
        found.append(
            Move(
                visit.visit_id,
                why,
                urgent.visit_id if urgent is not None and why is Moved.URGENT else None,
                kept.nurse_id,
                stop.nurse_id,
                kept.told_at,
                stop.arrives_at,
                visit.promised_by,
                promised_by,
            )
        )
    return found


def _came_between(visit: OpenVisit) -> bool:
    return visit.kept is None and visit.priority.rank == 0


def _why(visit: OpenVisit, stop: Stop, *, anew: bool, between: bool, away: bool) -> Moved:
    if stop.nurse_id == visit.pinned_to or visit.pinned_at is not None:
        return Moved.DESK
    if away:
        return Moved.AWAY
    if between:
        return Moved.URGENT
    if anew:
        return Moved.BETTER
    kept = visit.kept
    return Moved.NURSE if kept is not None and stop.nurse_id != kept.nurse_id else Moved.LATER


def _rounded(moment: datetime) -> datetime:
    """Up to the next five minutes, as one says it."""
    whole = moment.replace(second=0, microsecond=0)
    return whole + timedelta(minutes=-whole.minute % _ROUND_MIN)
