"""Makers of teams without a database."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cloud.detection.model import Priority
from cloud.visits.model import VisitState
from cloud.visits.planning.travel import Spot
from cloud.visits.routes.model import Door, Kept, OpenVisit, Person, Team, TeamPlan

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
REGION = 1
HOUR = timedelta(hours=1)


def create_visit(number: int, **more: Any) -> OpenVisit:
    """Of an elder of its own, some hundred metres further north-east than the one before."""
    values: dict[str, Any] = {
        "visit_id": number,
        "elder_id": number,
        "region_id": REGION,
        "door": Door(f"home-{number}", Spot(32.0 + number / 400, 118.7 + number / 400)),
        "priority": Priority.TODAY,
        "state": VisitState.PROPOSED,
        "nurse_id": None,
        "asked_by_desk": False,
        "answer_by": None,
        "from_at": None,
        "promised_by": NOW + 4 * HOUR,
        "since": NOW,
        "skills": frozenset(),
        "words": frozenset(),
        "minutes": None,
        "together_with": None,
        "pinned_to": None,
        "pinned_at": None,
        "refused_by": frozenset(),
        "known_nurse": None,
        "language": None,
        "wished_sex": None,
        "kept": None,
        "unplanned": False,
    }
    return OpenVisit(**(values | more))


def create_team(*visits: OpenVisit, people: tuple[Person, ...] | None = None) -> Team:
    """Two nurses who can do nothing in particular, unless `people` are given."""
    people = (Person(7, REGION), Person(8, REGION)) if people is None else people
    return Team(
        region_id=REGION,
        regions=frozenset({REGION}),
        reach={person.staff_id: frozenset({REGION}) for person in people},
        zone=ZONE,
        offices={REGION: Door("region 1", Spot(32.0, 118.7))},
        people=people,
        visits=visits,
        version=0,
        hour_done=None,
    )


def as_kept(visit: OpenVisit, plan: TeamPlan) -> OpenVisit:
    """As the tables hold it after `plan` was written."""
    for stop in plan.stops:
        if stop.visit_id == visit.visit_id:
            kept = Kept(stop.nurse_id, stop.day, stop.arrives_at, stop.leaves_at, stop.arrives_at, stop.travel_min)
            return replace(visit, kept=kept, state=VisitState.ASSIGNED, nurse_id=stop.nurse_id)
    return replace(visit, unplanned=True)
