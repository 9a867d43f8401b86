"""All SQL of volunteers' visits. Each function works in the caller's transaction."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.services.volunteers import store as register
from cloud.services.volunteers.matching import USUAL_MIN, Candidate, Need
from cloud.services.volunteers.model import OwnVisit, State, WaitingVisit

_LARGEST_ID = 2**63 - 1
_OFFERED = "v.kind IN ('request', 'regular', 'together') AND v.priority <> 'now'"
_WAITING = (
    "SELECT v.visit_id, v.elder_id, e.name AS elder_name, h.address, h.time_zone, v.wish, v.state, v.goer, "
    "s.name AS volunteer, v.from_at, v.promised_by, v.at_risk FROM visit v JOIN elder e USING (elder_id) "
    "JOIN home h USING (home_id) LEFT JOIN staff s ON s.staff_id = v.nurse_id "
)
_PLACE = """
    WITH RECURSIVE place AS (
        SELECT r.region_id, r.parent_id FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
        JOIN region r ON r.region_id = h.region_id WHERE v.visit_id = %(visit)s
        UNION ALL SELECT r.region_id, r.parent_id FROM place p JOIN region r ON r.region_id = p.parent_id)
"""


async def waiting(connection: AsyncConnection, regions: frozenset[int]) -> list[WaitingVisit]:
    """Visits of `regions` that a volunteer could make or is to make, by promise: first those that nobody has."""
    async with connection.cursor(row_factory=class_row(WaitingVisit)) as cursor:
        await cursor.execute(
            _WAITING + "WHERE h.region_id = ANY(%s) AND ("
            "v.goer = 'volunteer' AND v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') "
            "OR v.state = 'proposed' AND v.kind IN ('request', 'regular', 'together') AND v.priority <> 'now') "
            "ORDER BY v.state <> 'proposed', v.promised_by, v.visit_id LIMIT 300",
            (sorted(regions),),
        )
        return await cursor.fetchall()


async def waiting_visit(connection: AsyncConnection, visit_id: int, regions: frozenset[int]) -> WaitingVisit:
    """Raises NotFound where there is no such visit in `regions`, or none that volunteers make."""
    async with connection.cursor(row_factory=class_row(WaitingVisit)) as cursor:
        await cursor.execute(
            _WAITING + "WHERE v.visit_id = %s AND h.region_id = ANY(%s) AND " + _OFFERED,
            (visit_id if 0 <= visit_id <= _LARGEST_ID else -1, sorted(regions)),
        )
        found = await cursor.fetchone()
        if found is None:
            raise NotFound(f"There is no visit {visit_id} in your community that a volunteer could make.")
        return found


async def need_of(connection: AsyncConnection, visit_id: int, now: datetime) -> Need:
    """Raises NotFound."""
    cursor = await connection.execute(
        "SELECT v.elder_id, v.wish, v.skills, e.language, e.wished_sex, h.region_id, v.from_at, v.promised_by, "
        "v.minutes, h.time_zone, array(SELECT x.staff_id FROM visit_event x WHERE x.visit_id = v.visit_id "
        "AND x.state = 'declined' AND x.staff_id IS NOT NULL) "
        "FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id) WHERE v.visit_id = %s",
        (visit_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no visit {visit_id}")
    elder_id, wish, skills, language, wished_sex, region_id, from_at, by, minutes, zone, refused = row
    return Need(
        elder_id=elder_id,
        wish=wish,
        skills=frozenset(skills),
        language=language,
        wished_sex=wished_sex,
        region_id=region_id,
        from_at=max(now, from_at or now),
        by=by,
        minutes=minutes or USUAL_MIN,
        zone=ZoneInfo(zone),
        refused_by=frozenset(refused),
    )


async def candidates(connection: AsyncConnection, visit_id: int, now: datetime) -> list[Candidate]:
    """Active volunteers of where the elder lives, or of a region above."""
    cursor = await connection.execute(
        _PLACE.encode()
        + b"""
        SELECT s.staff_id, s.name, o.state, s.skills, s.languages, s.sex, s.region_id, o.elder_id, o.week_minutes,
               (SELECT coalesce(sum(coalesce(p.minutes, %(usual)s)), 0)::integer FROM visit p
                LEFT JOIN visit_report f USING (visit_id)
                WHERE p.nurse_id = s.staff_id AND p.visit_id <> %(visit)s
                  AND (p.state IN ('assigned', 'accepted', 'travelling', 'at_the_door') OR f.filed_at > %(lately)s)),
               (SELECT count(*) FROM visit p WHERE p.nurse_id = s.staff_id AND p.elder_id = w.elder_id
                AND p.state IN ('filed', 'assessed', 'closed')),
               EXISTS (SELECT FROM visit p JOIN assessment m USING (visit_id) WHERE p.nurse_id = s.staff_id
                       AND p.elder_id = w.elder_id AND m.face <= 2),
               array(SELECT lower(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during),
               array(SELECT upper(a.during) FROM absence a WHERE a.staff_id = s.staff_id ORDER BY a.during)
        FROM volunteer o JOIN staff s USING (staff_id) JOIN place USING (region_id)
        JOIN visit w ON w.visit_id = %(visit)s
        WHERE o.state = 'active' ORDER BY s.staff_id
        """,
        {"visit": visit_id, "usual": USUAL_MIN, "lately": now - timedelta(days=7)},
    )
    rows = await cursor.fetchall()
    seen = await register.papers(connection, [row[0] for row in rows])
    hours = await register.hours(connection, [row[0] for row in rows])
    return [
        Candidate(
            staff_id=staff_id,
            name=name,
            state=State(state),
            papers=seen.get(staff_id, ()),
            hours=hours.get(staff_id, ()),
            away=tuple(zip(first, after, strict=True)),
            skills=frozenset(skills),
            languages=frozenset(languages),
            sex=sex,
            region_id=region_id,
            elder_id=elder_id,
            week_minutes=week_minutes,
            promised_minutes=promised,
            times_there=times_there,
            not_content=not_content,
        )
        for staff_id, name, state, skills, languages, sex, region_id, elder_id, week_minutes, promised, times_there,
        not_content, first, after in rows
    ]  # fmt: skip


async def set_goer(connection: AsyncConnection, visit_id: int, goer: str) -> None:
    """Who makes the visit: a nurse or a volunteer. A volunteer's stands in no route."""
    await connection.execute("UPDATE visit SET goer = %s WHERE visit_id = %s", (goer, visit_id))
    if goer == "volunteer":
        await connection.execute("DELETE FROM route_stop WHERE visit_id = %s", (visit_id,))
        await connection.execute("DELETE FROM unplanned WHERE visit_id = %s", (visit_id,))


async def arrived_at(connection: AsyncConnection, visit_id: int, staff_id: int) -> datetime | None:
    """When this volunteer checked in at the door, first."""
    cursor = await connection.execute(
        "SELECT min(at) FROM visit_event WHERE visit_id = %s AND staff_id = %s AND state = 'at_the_door'",
        (visit_id, staff_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def own(connection: AsyncConnection, staff_id: int, since: datetime) -> list[OwnVisit]:
    """Of this volunteer, who is looking: what they are to make, by promise, then what they made since `since`."""
    async with connection.cursor(row_factory=class_row(OwnVisit)) as cursor:
        await cursor.execute(
            "SELECT v.visit_id, v.state, v.wish, v.from_at, v.promised_by, v.minutes, v.asked_at, v.elder_name, "
            "v.time_zone, v.address, v.door_note, r.filed_at AS left_at, m.face, "
            "(SELECT min(x.at) FROM visit_event x WHERE x.visit_id = v.visit_id AND x.staff_id = %(me)s "
            "AND x.state = 'at_the_door') AS arrived_at "
            "FROM web.volunteer_visit v LEFT JOIN visit_report r USING (visit_id) "
            "LEFT JOIN assessment m USING (visit_id) "
            "WHERE v.state <> 'cancelled' AND (r.filed_at IS NULL OR r.filed_at >= %(since)s) "
            "ORDER BY r.filed_at DESC NULLS FIRST, v.promised_by, v.visit_id LIMIT 100",
            {"me": staff_id, "since": since},
        )
        return await cursor.fetchall()


async def made(connection: AsyncConnection, staff_id: int) -> tuple[int, int, datetime | None, datetime | None]:
    """For a certificate: how many visits this volunteer made, how many minutes stand booked for them, from and to."""
    cursor = await connection.execute(
        "SELECT count(*), coalesce(sum(l.minutes), 0)::integer, min(e.at), max(e.at) "
        "FROM time_account a JOIN time_line l USING (account_id) JOIN time_entry e USING (entry_id) "
        "WHERE a.staff_id = %s AND e.kind = 'earn' AND l.minutes > 0 "
        "AND NOT EXISTS (SELECT FROM time_entry c WHERE c.corrects_id = e.entry_id)",
        (staff_id,),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a sum is always a row
    return int(row[0]), int(row[1]), row[2], row[3]
