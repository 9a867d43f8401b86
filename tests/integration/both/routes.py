"""The arguments of the functions that read and write routes, regular visits and what the dispatcher says."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from cloud.detection.model import Priority
from cloud.identity.model import Role
from cloud.registry.model import Sex, StaffMember
from cloud.visits.model import VisitState
from cloud.visits.regular.store import ByRisk
from cloud.visits.routes.keeping.moves import Move
from cloud.visits.routes.model import Door, Moved, NotPlanned, OpenVisit, Shift, Stop
from tests.cloud.web.community import NOW, Community

DAY = timedelta(days=1)
TODAY = date(2026, 11, 22)
_WINDOW = {"from_time": time(9), "to_time": time(17)}


def create_open_visit(made: Community, visit_id: int) -> OpenVisit:
    """As it stands, but for its places."""
    ((state, nurse_id, promised_by, priority),) = made.run(
        "SELECT state, nurse_id, promised_by, priority FROM visit WHERE visit_id = %s", visit_id
    )
    return OpenVisit(
        visit_id=visit_id, elder_id=1, region_id=1, door=Door("home-1", None), priority=Priority(priority),
        state=VisitState(state), nurse_id=nurse_id, asked_by_desk=False, answer_by=None, from_at=None,
        promised_by=promised_by, since=NOW, skills=frozenset(), words=frozenset(), minutes=None, together_with=None,
        pinned_to=None, pinned_at=None, refused_by=frozenset(), known_nurse=None, language=None, wished_sex=None,
        kept=None, unplanned=False,
    )  # fmt: skip


def fill_routes(made: Community, day: Mapping[str, Any]) -> None:
    """A route with a stop, a visit in no route, a rhythm and days off."""
    nurse, other = made.staff["nurse"], made.staff["nurse2"]
    route_id = made.one(
        "INSERT INTO route (nurse_id, day, begins_at, ends_at, planned_at) VALUES (%s, %s, %s, %s, %s) "
        "RETURNING route_id",
        nurse, TODAY, NOW, NOW + 8 * timedelta(hours=1), NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO route_stop (visit_id, route_id, arrives_at, leaves_at, travel_min, told_at) "
        "VALUES (%s, %s, %s, %s, 7, %s)",
        day["severe"], route_id, NOW, NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO unplanned (visit_id, why, since) VALUES (%s, 'day_full', %s)",
        day["outside"], NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO absence (staff_id, during, noted_by, noted_at) VALUES (%s, '[2026-12-01,2026-12-09)', %s, %s)",
        other, nurse, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO regular_visit (elder_id, every_days, from_time, to_time, made_by, class, next_on, made_at) "
        "VALUES (%s, 7, '09:00', '17:00', 'risk', 'high', %s, %s)",
        made.elders["home-2"], TODAY, NOW,
    )  # fmt: skip


def routes_calls(made: Community, day: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    nurse, other = made.staff["nurse"], made.staff["nurse2"]
    route_id = made.one("SELECT min(route_id) FROM route")
    rhythm = made.one("SELECT min(regular_visit_id) FROM regular_visit")
    stop = Stop(day["outside"], nurse, TODAY, NOW, NOW, 3.0)
    move = Move(day["severe"], Moved.URGENT, day["asked"], nurse, other, NOW, NOW + DAY, NOW, NOW + DAY)
    member = StaffMember(
        login="nurse", name="陈晓梅", role=Role.NURSE, region="320106001001", skills=("wound",), sex=Sex.FEMALE,
        works_from="07:00", works_to="15:00",
    )  # fmt: skip
    later = {"until": NOW + 3 * DAY}
    return {
        "visits.routes.open_visits": [later],
        "visits.routes.regions_of": [{"visits": [day["severe"]], "alerts": [1], "alarms": [day["coming"]]}],
        "visits.routes.keeping.unchanged": [{"visits": [create_open_visit(made, day["severe"])]}],
        "visits.routes.keeping.put_routes": [{"shifts": [Shift(other, TODAY, NOW, NOW + DAY)]}],
        "visits.routes.keeping.put_stops": [{"stops": [stop], "route_ids": {(nurse, TODAY): route_id}}],
        "visits.routes.keeping.put_unplanned": [{"missing": [NotPlanned(day["severe"], "no_skill", ("wound",))]}],
        "visits.routes.keeping.put_moves": [{"moves": [move]}],
        "visits.routes.keeping.take_version": [{"version": 0}],
        "visits.asked.put_asked": [{"by": "doctor"}],
        "visits.regular.put_by_risk": [
            {"wanted": [ByRisk(made.elders["home-1"], "high", 7, TODAY)], **_WINDOW},
        ],
        "visits.regular.set_by_staff": [{"every_days": 5, "next_on": TODAY, **_WINDOW}],
        "visits.regular.end_regular": [{"elder_id": made.elders["home-2"]}],
        "visits.regular.regular_of": [{"elder_id": made.elders["home-2"]}],
        "visits.regular.due": [{"ahead_days": 7}],
        "visits.regular.put_regular": [{"regular_visit_id": rhythm}],
        "registry.work.set_work": [{"member": member}],
        "visits.promising.hours_of": [{"elder_id": made.elders["home-2"]}],
        "visits.absences.put": [{"staff_id": nurse, "first": TODAY, "last": TODAY, "by": other}],
        "visits.absences.take_back": [{"staff_id": other, "day": TODAY + timedelta(days=14)}],
        "visits.absences.works_in": [{"staff_id": nurse}],
        "visits.absences.unpin": [{"visit_id": day["severe"]}],
        "web.dispatch.staffing.days_off": [{"since": TODAY}],
        "web.dispatch.elders.rhythm": [{"elder_id": made.elders["home-2"]}],
        "web.dispatch.on_day": [{"day": TODAY}],
        "web.dispatch.nurses": [{"day": TODAY}],
        "web.dispatch.names_of": [{"visit_ids": [day["severe"], day["asked"]]}],
    }
