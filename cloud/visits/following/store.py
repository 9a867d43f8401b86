"""All SQL of visits that follow others, and of their end. Each function works in the caller's transaction."""

from datetime import date, datetime
from typing import LiteralString

from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.visits.model import FollowUp, VisitState
from cloud.visits.store import add_event

_EVENING = 18


async def put_follow_up(
    connection: AsyncConnection,
    visit_id: int,
    why: FollowUp,
    priority: Priority,
    *,
    asked_at: datetime,
    promised_by: datetime,
) -> int | None:
    """A visit to the same elder after `visit_id`; None where there is one for that reason."""
    return await _put(
        connection,
        "SELECT elder_id, 'follow_up', %(why)s, %(priority)s, %(at)s, NULL, %(by)s, visit_id FROM visit "
        "WHERE visit_id = %(visit)s",
        {"visit": visit_id, "why": why, "priority": priority, "at": asked_at, "by": promised_by},
    )


async def put_next_visit(connection: AsyncConnection, visit_id: int, on: date, *, asked_at: datetime) -> int | None:
    """The visit that a report proposes: on that day of the home, promised by its evening; None where there is one."""
    return await _put(
        connection,
        "SELECT v.elder_id, 'follow_up', %(why)s, 'this_week', %(at)s, "
        "%(on)s::date::timestamp AT TIME ZONE h.time_zone, "
        "(%(on)s::date + make_time(%(hour)s, 0, 0)) AT TIME ZONE h.time_zone, v.visit_id "
        "FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id) WHERE v.visit_id = %(visit)s",
        {"visit": visit_id, "why": FollowUp.NEXT_VISIT, "at": asked_at, "on": on, "hour": _EVENING},
    )


async def _put(connection: AsyncConnection, select: LiteralString, values: dict[str, object]) -> int | None:
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, from_at, promised_by, follows_id) "
        + select
        + " ON CONFLICT (follows_id, wish) DO NOTHING RETURNING visit_id",
        values,
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def open_follow_up(connection: AsyncConnection, visit_id: int, why: FollowUp) -> int | None:
    """The visit that follows `visit_id` and that nobody accepted, locked."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE follows_id = %s AND wish = %s AND state IN ('proposed', 'assigned') "
        "FOR UPDATE",
        (visit_id, why),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def close_before(connection: AsyncConnection, filed_before: datetime, at: datetime, at_most: int) -> int:
    """Closes visits that were reported on before; gives how many, `at_most` at once."""
    cursor = await connection.execute(
        "UPDATE visit SET state = 'closed' WHERE visit_id IN ("
        "SELECT visit_id FROM visit JOIN visit_report USING (visit_id) WHERE state IN ('filed', 'assessed') "
        "AND filed_at <= %s ORDER BY visit_id LIMIT %s FOR UPDATE OF visit SKIP LOCKED) RETURNING visit_id, nurse_id",
        (filed_before, at_most),
    )
    closed = await cursor.fetchall()
    for visit_id, nurse_id in sorted(closed):
        await add_event(connection, visit_id, VisitState.CLOSED, at, nurse_id=nurse_id)
    return len(closed)
