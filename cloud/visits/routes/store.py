"""All SQL that reads a team for its routes. Each function works in the caller's transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.visits.model import VisitState
from cloud.visits.planning.travel import Spot
from cloud.visits.routes.model import Door, Kept, OpenVisit, Person, Region

_LEAST_ZONE = "Asia/Shanghai"

_OPEN = """
    SELECT v.visit_id, v.elder_id, v.kind, v.wish, v.priority, v.state, v.nurse_id, v.answer_by, v.from_at,
           v.promised_by, v.skills, v.minutes, v.together_with, v.pinned_to, v.pinned_at, a.cause,
           h.code, h.region_id, h.latitude, h.longitude, e.language, e.wished_sex,
           (SELECT max(x.at) FROM visit_event x WHERE x.visit_id = v.visit_id) AS since,
           (SELECT x.staff_id FROM visit_event x WHERE x.visit_id = v.visit_id AND x.state = 'assigned'
            ORDER BY x.visit_event_id DESC LIMIT 1) AS asked_by,
           (SELECT array_agg(x.staff_id) FROM visit_event x WHERE x.visit_id = v.visit_id
            AND x.state IN ('declined', 'handed_on')) AS refused,
           (SELECT array_agg(x.nurse_id) FROM visit_event x WHERE x.visit_id = v.visit_id AND x.state = 'assigned'
            AND v.priority = 'now' AND x.nurse_id IS DISTINCT FROM v.nurse_id) AS asked,
           (SELECT f.staff_id FROM visit o JOIN visit_report f USING (visit_id) WHERE o.elder_id = v.elder_id
            ORDER BY f.filed_at DESC LIMIT 1) AS known_nurse,
           r.nurse_id AS stop_nurse, r.day, s.arrives_at, s.leaves_at, s.told_at, s.travel_min,
           u.visit_id IS NOT NULL AS unplanned
    FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
    LEFT JOIN alert a USING (alert_id) LEFT JOIN route_stop s ON s.visit_id = v.visit_id
    LEFT JOIN route r USING (route_id) LEFT JOIN unplanned u ON u.visit_id = v.visit_id
    WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') AND v.goer = 'nurse' AND h.region_id = ANY(%s)
      AND coalesce(v.from_at < %s, true)
    ORDER BY v.visit_id
"""


async def regions(connection: AsyncConnection) -> list[Region]:
    cursor = await connection.execute(
        "SELECT region_id, parent_id, code, latitude, longitude FROM region ORDER BY region_id"
    )
    return [
        Region(region_id, parent_id, Door(f"region {code}", _spot(latitude, longitude)))
        for region_id, parent_id, code, latitude, longitude in await cursor.fetchall()
    ]


async def nurses(connection: AsyncConnection, since: datetime) -> list[Person]:
    """Those on duty; `since` is when their day began, for where they were last."""
    cursor = await connection.execute(
        """
        SELECT s.staff_id, s.region_id, s.skills, s.languages, s.sex, s.works_from, s.works_to,
               array(SELECT lower(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during),
               array(SELECT upper(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during),
               last.code, last.latitude, last.longitude
        FROM staff s LEFT JOIN LATERAL (
            SELECT h.code, h.latitude, h.longitude FROM visit_report f JOIN visit v USING (visit_id)
            JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE v.nurse_id = s.staff_id AND v.state IN ('filed', 'assessed', 'closed') AND f.filed_at >= %s
            ORDER BY f.filed_at DESC LIMIT 1) last ON true
        WHERE s.role = 'nurse' AND s.on_duty ORDER BY s.staff_id
        """,
        (since,),
    )
    return [
        Person(
            staff_id, region_id, frozenset(skills), frozenset(languages), sex, works_from, works_to,
            tuple(zip((day or date.min for day in first), (day or date.max for day in after), strict=True)),
            None if code is None else Door(code, _spot(latitude, longitude)),
        )
        for staff_id, region_id, skills, languages, sex, works_from, works_to, first, after, code, latitude, longitude
        in await cursor.fetchall()
    ]  # fmt: skip


async def open_visits(connection: AsyncConnection, regions: frozenset[int], until: datetime) -> list[OpenVisit]:
    """Visits of homes in `regions` that are not over, and for which somebody may come before `until`.

    `skills` are the visit's own; what the configuration adds for its cause, wish or kind is added by these words.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_OPEN, (sorted(regions), until))
        return [_open_visit(row) for row in await cursor.fetchall()]


async def regions_of(
    connection: AsyncConnection, visits: Sequence[int], alerts: Sequence[int], alarms: Sequence[UUID]
) -> frozenset[int]:
    """Of the homes of the elders whom these are about."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT h.region_id FROM (
            SELECT elder_id FROM visit WHERE visit_id = ANY(%s)
            UNION SELECT elder_id FROM alert WHERE alert_id = ANY(%s)
            UNION SELECT elder_id FROM alarm WHERE alarm_id = ANY(%s)
        ) AS about JOIN elder e USING (elder_id) JOIN home h USING (home_id)
        """,
        (list(visits), list(alerts), list(alarms)),
    )
    return frozenset(region_id for (region_id,) in await cursor.fetchall())


async def zone_of(connection: AsyncConnection, regions: frozenset[int]) -> ZoneInfo:
    """The time zone of most homes in `regions`."""
    cursor = await connection.execute(
        "SELECT time_zone FROM home WHERE region_id = ANY(%s) GROUP BY time_zone ORDER BY count(*) DESC, time_zone "
        "LIMIT 1",
        (sorted(regions),),
    )
    row = await cursor.fetchone()
    return ZoneInfo(row[0] if row else _LEAST_ZONE)


async def plan_of(connection: AsyncConnection, region_id: int) -> tuple[int, datetime | None]:
    """Version of the team's plan, and the last set hour at which it was made anew."""
    cursor = await connection.execute("SELECT version, hour_done FROM team_plan WHERE region_id = %s", (region_id,))
    row = await cursor.fetchone()
    return (0, None) if row is None else (row[0], row[1])


def _open_visit(row: dict[str, Any]) -> OpenVisit:
    kept = None
    if row["arrives_at"] is not None:
        kept = Kept(
            row["stop_nurse"], row["day"], row["arrives_at"], row["leaves_at"], row["told_at"], row["travel_min"]
        )
    words = {row["cause"], row["wish"], row["kind"]} - {None}
    return OpenVisit(
        visit_id=row["visit_id"],
        elder_id=row["elder_id"],
        region_id=row["region_id"],
        door=Door(row["code"], _spot(row["latitude"], row["longitude"])),
        priority=Priority(row["priority"]),
        state=VisitState(row["state"]),
        nurse_id=row["nurse_id"],
        asked_by_desk=row["state"] == "assigned" and row["asked_by"] is not None,
        answer_by=row["answer_by"],
        from_at=row["from_at"],
        promised_by=row["promised_by"],
        since=row["since"] or row["promised_by"],
        skills=frozenset(row["skills"]),
        words=frozenset(words),
        minutes=row["minutes"],
        together_with=row["together_with"],
        pinned_to=row["pinned_to"],
        pinned_at=row["pinned_at"],
        refused_by=frozenset({*(row["refused"] or ()), *(row["asked"] or ())}) - {None},
        known_nurse=row["known_nurse"],
        language=row["language"],
        wished_sex=row["wished_sex"],
        kept=kept,
        unplanned=row["unplanned"],
    )


def _spot(latitude: float | None, longitude: float | None) -> Spot | None:
    return None if latitude is None or longitude is None else Spot(latitude, longitude)
