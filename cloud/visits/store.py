"""All SQL of visits. Each function works in the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import ExclusionViolation

from cloud.alarms.desk import SOMEBODY_IS_SENT
from cloud.db.names import NOTIFY, VISIT
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.errors import NotFound
from cloud.visits.model import AnotherOnTheWay, Visit, VisitKind, VisitState

_VISIT = (
    "SELECT v.visit_id, v.elder_id, v.alert_id, v.alarm_id, v.kind, v.wish, v.priority, v.state, v.nurse_id, "
    "staff.name, v.asked_at, v.promised_by, v.at_risk FROM visit AS v LEFT JOIN staff ON staff.staff_id = v.nurse_id "
)


async def get(connection: AsyncConnection, visit_id: int, *, lock: bool = False) -> Visit:
    """Raises NotFound. With `lock` it stays as it is until the transaction ends."""
    if lock:  # by itself: a join beside FOR UPDATE would still show the nurse from before the wait
        await connection.execute("SELECT FROM visit WHERE visit_id = %s FOR UPDATE", (visit_id,))
    cursor = await connection.execute(f"{_VISIT} WHERE v.visit_id = %s".encode(), (visit_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no visit {visit_id}")
    return _visit(row)


async def move(
    connection: AsyncConnection,
    visit_id: int,
    state: VisitState,
    at: datetime,
    *,
    nurse_id: int,
    note: str = "",
    by_elder: bool = False,
) -> None:
    """Sets state and nurse, and writes the step down. A visit that somebody has is at risk no longer.

    Raises AnotherOnTheWay where a colleague goes to this elder.
    """
    try:
        async with connection.transaction():
            await connection.execute(
                "UPDATE visit SET state = %s, nurse_id = %s, at_risk = false, answer_by = NULL WHERE visit_id = %s",
                (state, nurse_id, visit_id),
            )
    except ExclusionViolation as clash:
        raise await _another(connection, visit_id, nurse_id) from clash
    await add_event(
        connection, visit_id, state, at, staff_id=None if by_elder else nurse_id, nurse_id=nurse_id, note=note,
        by_elder=by_elder,
    )  # fmt: skip


async def _another(connection: AsyncConnection, visit_id: int, nurse_id: int) -> AnotherOnTheWay:
    cursor = await connection.execute(
        "SELECT s.name, o.visit_id FROM visit v JOIN visit o USING (elder_id) JOIN staff s ON s.staff_id = o.nurse_id "
        "WHERE v.visit_id = %s AND o.visit_id <> v.visit_id AND o.nurse_id <> %s "
        "AND o.state IN ('accepted', 'travelling', 'at_the_door', 'no_answer') "
        "ORDER BY o.state = 'accepted', o.visit_id LIMIT 1",
        (visit_id, nurse_id),
    )
    row = await cursor.fetchone()
    return AnotherOnTheWay(*row) if row else AnotherOnTheWay("a colleague", visit_id)


async def give_back(connection: AsyncConnection, visit_id: int, staff_id: int, note: str, at: datetime) -> None:
    """The visit is free for the next nurse; who declined stands in its history."""
    await free(connection, visit_id)
    await add_event(connection, visit_id, VisitState.DECLINED, at, staff_id=staff_id, note=note)


async def free(connection: AsyncConnection, visit_id: int) -> None:
    """Nobody has the visit; its promise is watched anew."""
    await connection.execute(
        "UPDATE visit SET state = 'proposed', nurse_id = NULL, timer_for = NULL, answer_by = NULL WHERE visit_id = %s",
        (visit_id,),
    )


async def add_event(
    connection: AsyncConnection,
    visit_id: int,
    state: VisitState,
    at: datetime,
    *,
    staff_id: int | None = None,
    nurse_id: int | None = None,
    note: str = "",
    by_elder: bool = False,
) -> None:
    """Writes a step down and wakes who listens: by staff, by the elder, or else by the centre itself.

    `nurse_id` has the visit after it.
    """
    actor = "staff" if staff_id is not None else "elder" if by_elder else "centre"
    await connection.execute(
        "INSERT INTO visit_event (visit_id, state, at, actor, staff_id, nurse_id, note) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (visit_id, state, at, actor, staff_id, nurse_id, note),
    )
    await connection.execute(NOTIFY, (VISIT, str(visit_id)))


async def last_step(connection: AsyncConnection, visit_id: int) -> tuple[VisitState, int | None] | None:
    """State and staff of the newest event."""
    cursor = await connection.execute(
        "SELECT state, staff_id FROM visit_event WHERE visit_id = %s ORDER BY visit_event_id DESC LIMIT 1",
        (visit_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else (VisitState(row[0]), row[1])


async def add_request(
    connection: AsyncConnection,
    elder_id: int,
    wish: str,
    priority: Priority,
    *,
    asked_at: datetime,
    promised_by: datetime,
) -> int | None:
    """The new visit's id; None where a request of this elder is open."""
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, kind, wish, priority, asked_by, asked_at, promised_by) "
        "VALUES (%s, 'request', %s, %s, 'elder', %s, %s) ON CONFLICT (elder_id, (coalesce(asked_by, 'elder'))) "
        "WHERE kind = 'request' AND state IN ('proposed', 'assigned', 'accepted') DO NOTHING RETURNING visit_id",
        (elder_id, wish, priority, asked_at, promised_by),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def open_request(connection: AsyncConnection, elder_id: int) -> Visit | None:
    """The request that the elder waits for, locked."""
    cursor = await connection.execute(
        "SELECT visit_id FROM visit WHERE elder_id = %s AND kind = 'request' AND coalesce(asked_by, 'elder') = 'elder' "
        "AND state IN ('proposed', 'assigned', 'accepted') FOR UPDATE",
        (elder_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else await get(connection, row[0])


async def set_wish(connection: AsyncConnection, visit_id: int, wish: str) -> None:
    await connection.execute("UPDATE visit SET wish = %s WHERE visit_id = %s", (wish, visit_id))


async def unvisited_alerts(connection: AsyncConnection) -> list[tuple[int, int, Priority, datetime, bool]]:
    """Open alerts that do not wait for their turn, and that no visit was ever made for: alert, elder, priority,
    when it was raised, or its turn came, and whether it holds a floor."""
    cursor = await connection.execute(
        "SELECT a.alert_id, a.elder_id, a.priority, coalesce(a.shown_at, a.raised_at), "
        """a.reasons @> '[{"floor": true}]' FROM alert AS a """
        "WHERE a.state = 'open' AND NOT a.held AND NOT EXISTS (SELECT FROM visit WHERE visit.alert_id = a.alert_id) "
        "ORDER BY a.alert_id"
    )
    return [
        (alert, elder, Priority(priority), raised_at, floor)
        for alert, elder, priority, raised_at, floor in await cursor.fetchall()
    ]


async def unvisited_alarms(connection: AsyncConnection) -> list[tuple[UUID, int]]:
    """Open alarms of a known elder to whom somebody is on the way or sent, and that have no visit: alarm and who said
    so last."""
    cursor = await connection.execute(
        "SELECT DISTINCT ON (a.alarm_id) a.alarm_id, e.staff_id FROM alarm AS a JOIN alarm_event AS e USING (alarm_id) "
        "WHERE a.state IN ('taken', 'on_the_way') AND a.elder_id IS NOT NULL AND e.staff_id IS NOT NULL "
        "AND ((e.state = 'on_the_way' AND e.note = '') OR e.note = %s) "
        "AND NOT EXISTS (SELECT FROM visit WHERE visit.alarm_id = a.alarm_id) "
        "ORDER BY a.alarm_id, e.alarm_event_id DESC",
        (SOMEBODY_IS_SENT,),
    )
    return [(alarm_id, staff_id) for alarm_id, staff_id in await cursor.fetchall()]


async def add_for_alert(
    connection: AsyncConnection,
    alert_id: int,
    elder_id: int,
    priority: Priority,
    *,
    asked_at: datetime,
    promised_by: datetime,
) -> int | None:
    """None where another process made the visit of this episode."""
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, alert_id, kind, priority, asked_at, promised_by) "
        "VALUES (%s, %s, 'alert', %s, %s, %s) ON CONFLICT (alert_id) DO NOTHING RETURNING visit_id",
        (elder_id, alert_id, priority, asked_at, promised_by),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def outgrown(connection: AsyncConnection) -> list[tuple[int, int, VisitState, Priority, bool]]:
    """Visits whose alert became more urgent than they are, locked: visit, elder, state, the alert's priority and
    whether it holds a floor."""
    cursor = await connection.execute(
        """SELECT v.visit_id, v.elder_id, v.state, a.priority, a.reasons @> '[{"floor": true}]' """
        "FROM visit AS v JOIN alert AS a USING (alert_id) "
        "WHERE a.state = 'open' AND v.priority <> a.priority "
        "AND array_position(%(ranks)s, a.priority) < array_position(%(ranks)s, v.priority) "
        "AND v.state IN ('proposed', 'assigned', 'accepted', 'travelling') "
        "ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED",
        {"ranks": [str(priority) for priority in sorted(Priority, key=lambda one: one.rank)]},
    )
    return [
        (visit, elder, VisitState(state), Priority(priority), floor)
        for visit, elder, state, priority, floor in await cursor.fetchall()
    ]


async def hasten(connection: AsyncConnection, visit_id: int, priority: Priority, promised_by: datetime) -> None:
    """A promise is only ever pulled in."""
    await connection.execute(
        "UPDATE visit SET priority = %(priority)s, promised_by = least(promised_by, %(by)s) WHERE visit_id = %(visit)s",
        {"priority": priority, "by": promised_by, "visit": visit_id},
    )


async def needless(connection: AsyncConnection) -> list[int]:
    """Visits that nobody accepted and whose alert has ended by itself, locked."""
    cursor = await connection.execute(
        "SELECT v.visit_id FROM visit AS v JOIN alert AS a USING (alert_id) "
        "WHERE v.state IN ('proposed', 'assigned') AND a.state = 'closed' "
        "ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED"
    )
    return [row[0] for row in await cursor.fetchall()]


async def cancel(
    connection: AsyncConnection,
    visit_id: int,
    note: str,
    at: datetime,
    *,
    staff_id: int | None = None,
    by_elder: bool = False,
) -> None:
    """By `staff_id`, by the elder, or by the centre itself."""
    await connection.execute(
        "UPDATE visit SET state = 'cancelled', at_risk = false, answer_by = NULL WHERE visit_id = %s", (visit_id,)
    )
    await add_event(connection, visit_id, VisitState.CANCELLED, at, staff_id=staff_id, note=note, by_elder=by_elder)


async def unwatched(connection: AsyncConnection, at_most: int) -> list[tuple[int, datetime, datetime, Priority]]:
    """Visits that nobody accepted and whose promise no timer watches, locked: visit, from when, promised_by and
    priority."""
    cursor = await connection.execute(
        "SELECT visit_id, coalesce(from_at, asked_at), promised_by, priority FROM visit "
        "WHERE state IN ('proposed', 'assigned') "
        "AND timer_for IS DISTINCT FROM promised_by ORDER BY visit_id LIMIT %s FOR UPDATE SKIP LOCKED",
        (at_most,),
    )
    return [(visit, since, by, Priority(priority)) for visit, since, by, priority in await cursor.fetchall()]


async def note_timer(connection: AsyncConnection, visit_id: int) -> None:
    """A timer watches the promise as it stands now."""
    await connection.execute("UPDATE visit SET timer_for = promised_by WHERE visit_id = %s", (visit_id,))


async def set_at_risk(connection: AsyncConnection, visit_id: int, promised_by: datetime) -> bool:
    """False where somebody accepted it, the promise is another one by now, or it is marked."""
    cursor = await connection.execute(
        "UPDATE visit SET at_risk = true WHERE visit_id = %s AND state IN ('proposed', 'assigned') "
        "AND promised_by = %s AND NOT at_risk",
        (visit_id, promised_by),
    )
    if cursor.rowcount != 1:
        return False
    await connection.execute(NOTIFY, (VISIT, str(visit_id)))
    return True


async def add_for_alarm(
    connection: AsyncConnection, alarm_id: UUID, elder_id: int, *, asked_at: datetime, promised_by: datetime
) -> int | None:
    """None where the alarm has its visit."""
    cursor = await connection.execute(
        "INSERT INTO visit (elder_id, alarm_id, kind, priority, asked_at, promised_by) "
        "VALUES (%s, %s, 'alarm', 'now', %s, %s) ON CONFLICT (alarm_id) DO NOTHING RETURNING visit_id",
        (elder_id, alarm_id, asked_at, promised_by),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def visit_of_alarm(connection: AsyncConnection, alarm_id: UUID) -> Visit:
    """Locked. Raises NotFound."""
    cursor = await connection.execute("SELECT visit_id FROM visit WHERE alarm_id = %s FOR UPDATE", (alarm_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no visit for alarm {alarm_id}")
    return await get(connection, row[0])


async def promise(connection: AsyncConnection, visit_id: int, promised_by: datetime) -> None:
    await connection.execute("UPDATE visit SET promised_by = %s WHERE visit_id = %s", (promised_by, visit_id))
    await connection.execute(NOTIFY, (VISIT, str(visit_id)))


async def on_the_way_since(connection: AsyncConnection, alarm_id: UUID) -> datetime | None:
    """When the home was last promised somebody."""
    cursor = await connection.execute(
        "SELECT max(at) FROM alarm_event WHERE alarm_id = %s AND state = 'on_the_way'", (alarm_id,)
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def is_nurse(connection: AsyncConnection, staff_id: int) -> bool:
    cursor = await connection.execute("SELECT role = 'nurse' FROM staff WHERE staff_id = %s", (staff_id,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def _visit(row: tuple[Any, ...]) -> Visit:
    visit_id, elder_id, alert_id, alarm_id, kind, wish, priority, state, *rest = row
    nurse_id, nurse_name, asked_at, promised_by, at_risk = rest
    return Visit(
        visit_id=visit_id,
        elder_id=elder_id,
        alert_id=alert_id,
        alarm_id=alarm_id,
        kind=VisitKind(kind),
        wish=wish,
        priority=Priority(priority),
        state=VisitState(state),
        nurse_id=nurse_id,
        nurse_name=nurse_name,
        asked_at=asked_at,
        promised_by=promised_by,
        at_risk=at_risk,
    )
