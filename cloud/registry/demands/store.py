"""All SQL of single demands. Each function works in the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cloud.db.pool import AsyncConnection, Connection
from cloud.errors import NotFound
from cloud.registry.demands.demand import (
    CENTRE,
    WAITING,
    Demand,
    DemandState,
    Doer,
    Mouth,
    NewDemand,
    SortedBy,
    Urgency,
    What,
)
from cloud.registry.demands.joining import NEAR, OpenWish

_HELD_BY_ELDER = 0x0D00_DE3A
_DEMAND = (
    "SELECT demand_id, elder_id, mouth, text, kind, urgency, from_at, until_at, state, said_at, said_last_at, times, "
    "visit_id, alarm_id FROM demand WHERE demand_id = %s"
)


async def hold_elder(connection: AsyncConnection, elder_id: int) -> None:
    """One wish of an elder at a time, so that what is said twice at once is one; until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_HELD_BY_ELDER, elder_id))


async def put(connection: AsyncConnection, new: NewDemand) -> int:
    """The new demand's id, with the first lines of its history."""
    cursor = await connection.execute(
        "INSERT INTO demand (elder_id, mouth, relative_id, staff_id, at_visit, text, kind, sorted_by, model, "
        "certainty, guesses, urgency, from_at, until_at, state, said_at, said_last_at, visit_id) VALUES ("
        "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING demand_id",
        (
            new.elder_id, new.mouth, new.by.relative_id, new.by.staff_id, new.at_visit, new.text, new.kind,
            new.sorted_by, new.model, new.certainty, list(new.guesses), new.urgency, new.from_at, new.until_at,
            new.state, new.said_at, new.said_at, new.visit_id,
        ),
    )  # fmt: skip
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives the row
    demand_id = int(row[0])
    await _add_event(connection, demand_id, What.SAID, new.by, new.said_at)
    if new.sorted_by is SortedBy.MODEL:
        await _add_event(connection, demand_id, What.SORTED, CENTRE, new.said_at, note=new.model)
    return demand_id


async def put_noticed(connection: AsyncConnection, visit_id: int, at: datetime) -> None:
    """What detection noticed is a demand too, for which the alert's visit stands. Its words are the alert's cause."""
    cursor = await connection.execute(
        "INSERT INTO demand (elder_id, mouth, text, kind, sorted_by, urgency, state, said_at, said_last_at, visit_id) "
        "SELECT v.elder_id, 'detection', a.cause, k.code, CASE WHEN k.code IS NOT NULL THEN 'said' END, v.priority, "
        "'visit', v.asked_at, v.asked_at, v.visit_id FROM visit v JOIN alert a USING (alert_id) "
        "LEFT JOIN demand_kind k ON k.code = 'health' WHERE v.visit_id = %s RETURNING demand_id",
        (visit_id,),
    )
    for (demand_id,) in await cursor.fetchall():
        await _add_event(connection, demand_id, What.SAID, CENTRE, at)


async def of_report(connection: AsyncConnection, visit_id: int) -> int | None:
    """The demand that stands in the report of that visit."""
    cursor = await connection.execute("SELECT demand_id FROM demand WHERE at_visit = %s", (visit_id,))
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def said_again(connection: AsyncConnection, demand_id: int, text: str, by: Doer, at: datetime) -> None:
    """The same wish once more; what was said stands in its history."""
    await connection.execute(
        "UPDATE demand SET times = times + 1, said_last_at = greatest(said_last_at, %s) WHERE demand_id = %s",
        (at, demand_id),
    )
    await _add_event(connection, demand_id, What.SAID_AGAIN, by, at, note=text)


async def open_wishes(connection: AsyncConnection, elder_id: int, now: datetime) -> list[OpenWish]:
    """Of the elder, and near enough in time that something said now may be the same. Doubts are of the kind ''."""
    cursor = await connection.execute(
        "SELECT demand_id, coalesce(kind, ''), text, said_last_at FROM demand WHERE elder_id = %s AND state = ANY(%s) "
        "AND said_last_at BETWEEN %s AND %s ORDER BY demand_id",
        (elder_id, list(WAITING), now - NEAR, now + NEAR),
    )
    return [OpenWish(*row) for row in await cursor.fetchall()]


async def get(connection: AsyncConnection, demand_id: int, *, lock: bool = False) -> Demand:
    """Raises NotFound. With `lock` it stays as it is until the transaction ends."""
    if lock:
        await connection.execute("SELECT FROM demand WHERE demand_id = %s FOR UPDATE", (demand_id,))
    cursor = await connection.execute(_DEMAND, (demand_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no demand {demand_id}")
    return _demand(row)


async def set_kind(  # noqa: PLR0917 - which demand is of which kind, who says so and when
    connection: AsyncConnection, demand_id: int, kind: str, urgency: Urgency, by: Doer, at: datetime
) -> None:
    """A person says which kind it is. The next model learns from it."""
    await connection.execute(
        "UPDATE demand SET kind = %s, sorted_by = 'person', urgency = %s WHERE demand_id = %s",
        (kind, urgency, demand_id),
    )
    await _add_event(connection, demand_id, What.KIND_SAID, by, at)


async def move(  # noqa: PLR0917 - which demand is moved where, by whom, when and with what word
    connection: AsyncConnection,
    demand_id: int,
    state: DemandState,
    by: Doer,
    at: datetime,
    note: str = "",
    *,
    visit_id: int | None = None,
    alarm_id: UUID | None = None,
) -> None:
    """Sets the state, and the visit or the alarm that stands for it from now on."""
    await connection.execute(
        "UPDATE demand SET state = %s, visit_id = coalesce(%s::bigint, visit_id), "
        "alarm_id = coalesce(%s::uuid, alarm_id), ended_at = %s WHERE demand_id = %s",
        (state, visit_id, alarm_id, None if state in WAITING else at, demand_id),
    )
    await _add_event(connection, demand_id, What.MOVED, by, at, note=note)


def corrections(connection: Connection) -> list[tuple[str, str]]:
    """Kind and words of every demand of which a person said the kind, in order of the kind and the words.

    A picture that was touched is no words, and is not among them.
    """
    return connection.execute(
        "SELECT DISTINCT kind, text FROM demand WHERE sorted_by = 'person' AND kind IS NOT NULL "
        "AND text !~ '^[a-z_]+$' ORDER BY kind, text"
    ).fetchall()


async def _add_event(
    connection: AsyncConnection, demand_id: int, what: What, by: Doer, at: datetime, *, note: str = ""
) -> None:
    await connection.execute(
        "INSERT INTO demand_event (demand_id, at, what, state, kind, actor, staff_id, note) "
        "SELECT demand_id, %s, %s, state, kind, %s, %s::integer, %s FROM demand WHERE demand_id = %s",
        (at, what, by.actor, by.staff_id, note, demand_id),
    )


def _demand(row: tuple[Any, ...]) -> Demand:
    demand_id, elder_id, mouth, text, kind, urgency, from_at, until_at, state, *rest = row
    said_at, said_last_at, times, visit_id, alarm_id = rest
    return Demand(
        demand_id=demand_id,
        elder_id=elder_id,
        mouth=Mouth(mouth),
        text=text,
        kind=kind,
        urgency=Urgency(urgency),
        from_at=from_at,
        until_at=until_at,
        state=DemandState(state),
        said_at=said_at,
        said_last_at=said_last_at,
        times=times,
        visit_id=visit_id,
        alarm_id=alarm_id,
    )
