"""All SQL of asking nurses. Each function works in the caller's transaction."""

from datetime import datetime

from cloud.db.pool import AsyncConnection
from cloud.visits.model import VisitState
from cloud.visits.store import add_event

_NEXT = """
    WITH RECURSIVE place AS (
        SELECT r.region_id, r.parent_id, e.elder_id
        FROM visit v JOIN elder e USING (elder_id) JOIN home h USING (home_id)
        JOIN region r ON r.region_id = h.region_id WHERE v.visit_id = %(visit)s
        UNION ALL
        SELECT r.region_id, r.parent_id, p.elder_id FROM place p JOIN region r ON r.region_id = p.parent_id)
    SELECT s.staff_id FROM staff s JOIN place p USING (region_id)
    WHERE s.role = 'nurse' AND (%(only)s::integer IS NULL AND s.on_duty OR s.staff_id = %(only)s) AND (
        %(only)s::integer IS NOT NULL OR NOT EXISTS (
            SELECT FROM visit_event e WHERE e.visit_id = %(visit)s AND (
                e.state = 'assigned' AND e.nurse_id = s.staff_id
                OR e.state IN ('declined', 'handed_on') AND e.staff_id = s.staff_id)))
    ORDER BY
        EXISTS (SELECT FROM visit o WHERE o.elder_id = p.elder_id AND o.nurse_id = s.staff_id
                AND o.state IN ('accepted', 'travelling', 'at_the_door', 'no_answer')) DESC,
        (SELECT count(*) FROM visit o WHERE o.nurse_id = s.staff_id
         AND o.state IN ('assigned', 'accepted', 'travelling', 'at_the_door', 'no_answer')),
        (SELECT max(f.filed_at) FROM visit_report f JOIN visit o USING (visit_id)
         WHERE f.staff_id = s.staff_id AND o.elder_id = p.elder_id) DESC NULLS LAST,
        s.staff_id
    LIMIT 1
"""


async def next_nurse(connection: AsyncConnection, visit_id: int) -> int | None:
    """A nurse on duty where the elder lives who was not asked yet; None: nobody is left.

    First who goes to this elder already, then who has least to do, then who was there last.
    """
    return await _nurse(connection, visit_id, None)


async def goes_there(connection: AsyncConnection, visit_id: int, nurse_id: int) -> bool:
    """Whether this is a nurse of where the elder lives, on duty or not."""
    return await _nurse(connection, visit_id, nurse_id) is not None


async def _nurse(connection: AsyncConnection, visit_id: int, only: int | None) -> int | None:
    cursor = await connection.execute(_NEXT.encode(), {"visit": visit_id, "only": only})
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def unanswered(connection: AsyncConnection, now: datetime) -> list[int]:
    """Visits whose nurse was asked and did not answer in time, locked."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE state = 'assigned' AND answer_by <= %s "
        "ORDER BY answer_by, visit_id FOR UPDATE SKIP LOCKED",
        (now,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def urgent(connection: AsyncConnection) -> list[int]:
    """Urgent visits that nobody has, locked."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE state = 'proposed' AND priority = 'now' "
        "ORDER BY promised_by, visit_id FOR UPDATE SKIP LOCKED"
    )
    return [row[0] for row in await cursor.fetchall()]


async def assign(
    connection: AsyncConnection,
    visit_id: int,
    nurse_id: int,
    at: datetime,
    *,
    answer_by: datetime | None,
    staff_id: int | None = None,
) -> None:
    """`nurse_id` is asked first, by `staff_id` or by the centre itself; until `answer_by`, where it is given."""
    await connection.execute(
        "UPDATE visit SET state = 'assigned', nurse_id = %(who)s, answer_by = %(by)s, "
        "goer = CASE (SELECT role FROM staff WHERE staff_id = %(who)s) "
        "WHEN 'volunteer' THEN 'volunteer' ELSE 'nurse' END "
        "WHERE visit_id = %(visit)s",
        {"who": nurse_id, "by": answer_by, "visit": visit_id},
    )
    await add_event(connection, visit_id, VisitState.ASSIGNED, at, staff_id=staff_id, nurse_id=nurse_id)


async def nobody_left(connection: AsyncConnection, visit_id: int) -> bool:
    """Shows the visit as at risk; False where it is shown so."""
    cursor = await connection.execute(
        "UPDATE visit SET at_risk = true WHERE visit_id = %s AND NOT at_risk", (visit_id,)
    )
    return cursor.rowcount == 1


async def put_second(connection: AsyncConnection, visit_id: int) -> int | None:
    """A visit for a second person beside this one, with its time, needs and promise; None where there is one."""
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, from_at, promised_by, skills, minutes, "
        "together_with) SELECT elder_id, 'together', wish, priority, asked_at, from_at, promised_by, skills, minutes, "
        "visit_id FROM visit WHERE visit_id = %s "
        "ON CONFLICT (together_with) WHERE kind = 'together' AND state <> 'cancelled' DO NOTHING RETURNING visit_id",
        (visit_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def second_of(connection: AsyncConnection, visit_id: int) -> int | None:
    """The second person's visit."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE together_with = %s AND kind = 'together' AND state <> 'cancelled'",
        (visit_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])
