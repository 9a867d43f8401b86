"""All SQL that writes routes. Each function works in the caller's transaction."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from cloud.db.names import NOTIFY, VISIT
from cloud.db.pool import AsyncConnection
from cloud.visits.routes.keeping.moves import Move
from cloud.visits.routes.model import NotPlanned, OpenVisit, Shift, Stop


async def take_version(connection: AsyncConnection, region_id: int, version: int) -> bool:
    """False where another process has written this team's plan since `version` was read."""
    cursor = await connection.execute(
        "INSERT INTO team_plan AS known (region_id, version) VALUES (%(region)s, %(version)s + 1) "
        "ON CONFLICT (region_id) DO UPDATE SET version = known.version + 1 WHERE known.version = %(version)s",
        {"region": region_id, "version": version},
    )
    return cursor.rowcount == 1


async def note_hour(connection: AsyncConnection, region_id: int, at: datetime) -> None:
    """The planning of the set hour `at` is finished."""
    await connection.execute(
        "INSERT INTO team_plan AS known (region_id, hour_done) VALUES (%s, %s) ON CONFLICT (region_id) DO UPDATE "
        "SET hour_done = greatest(known.hour_done, excluded.hour_done)",
        (region_id, at),
    )


async def unchanged(connection: AsyncConnection, visits: Collection[OpenVisit]) -> set[int]:
    """Those that stand as they were read, locked."""
    cursor = await connection.execute(
        "SELECT visit_id, state, nurse_id, promised_by, priority, pinned_to, pinned_at FROM visit "
        "WHERE visit_id = ANY(%s) ORDER BY visit_id FOR UPDATE SKIP LOCKED",
        (sorted(visit.visit_id for visit in visits),),
    )
    stands = {row[0]: tuple(row[1:]) for row in await cursor.fetchall()}
    return {
        visit.visit_id
        for visit in visits
        if stands.get(visit.visit_id)
        == (visit.state, visit.nurse_id, visit.promised_by, visit.priority, visit.pinned_to, visit.pinned_at)
    }


async def put_routes(connection: AsyncConnection, shifts: Sequence[Shift], at: datetime) -> dict[tuple[int, date], int]:
    """The routes' ids by nurse and day; made where there are none."""
    found = {}
    for shift in shifts:
        cursor = await connection.execute(
            "INSERT INTO route (nurse_id, day, begins_at, ends_at, planned_at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (nurse_id, day) DO UPDATE SET begins_at = excluded.begins_at, ends_at = excluded.ends_at, "
            "planned_at = excluded.planned_at RETURNING route_id",
            (shift.nurse_id, shift.day, shift.begins_at, shift.ends_at, at),
        )
        row = await cursor.fetchone()
        if row is not None:
            found[shift.nurse_id, shift.day] = int(row[0])
    return found


async def put_stops(connection: AsyncConnection, stops: Sequence[Stop], route_ids: dict[tuple[int, date], int]) -> None:
    """A visit that stands in a route leaves it; what was told of it stays until it is told anew."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO route_stop (visit_id, route_id, arrives_at, leaves_at, travel_min, told_at) "
            "VALUES (%(visit)s, %(route)s, %(arrives)s, %(leaves)s, %(way)s, %(arrives)s) "
            "ON CONFLICT (visit_id) DO UPDATE SET route_id = excluded.route_id, arrives_at = excluded.arrives_at, "
            "leaves_at = excluded.leaves_at, travel_min = excluded.travel_min",
            [
                {
                    "visit": stop.visit_id,
                    "route": route_ids[stop.nurse_id, stop.day],
                    "arrives": stop.arrives_at,
                    "leaves": stop.leaves_at,
                    "way": round(stop.travel_min, 2),
                }
                for stop in stops
            ],
        )
        await cursor.execute("DELETE FROM unplanned WHERE visit_id = ANY(%s)", ([stop.visit_id for stop in stops],))


async def put_unplanned(connection: AsyncConnection, missing: Sequence[NotPlanned], at: datetime) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute("DELETE FROM route_stop WHERE visit_id = ANY(%s)", ([one.visit_id for one in missing],))
        await cursor.executemany(
            "INSERT INTO unplanned AS known (visit_id, why, words, since) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (visit_id) DO UPDATE SET why = excluded.why, words = excluded.words, since = excluded.since "
            "WHERE (known.why, known.words) <> (excluded.why, excluded.words)",
            [(one.visit_id, one.why, list(one.words), at) for one in missing],
        )


async def clear_ended(connection: AsyncConnection) -> int:
    """What nobody is to come to any more stands in no route that is not over; gives how many went."""
    cursor = await connection.execute(
        "DELETE FROM route_stop WHERE visit_id IN (SELECT visit_id FROM route_stop JOIN visit USING (visit_id) "
        "WHERE state = 'cancelled')"
    )
    gone = cursor.rowcount
    cursor = await connection.execute(
        "DELETE FROM unplanned WHERE visit_id IN (SELECT visit_id FROM unplanned JOIN visit USING (visit_id) "
        "WHERE state IN ('filed', 'assessed', 'closed', 'cancelled'))"
    )
    return gone + cursor.rowcount


async def put_moves(connection: AsyncConnection, moves: Sequence[Move], at: datetime) -> None:
    """Tells: writes each down, sets what was told, and the promise where it is another one."""
    for move in moves:
        await connection.execute(
            "INSERT INTO visit_moved (visit_id, at, why, because_id, nurse_before, nurse_id, arrival_before, arrival, "
            "promised_before, promised_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                move.visit_id, at, move.why, move.because_id, move.nurse_before, move.nurse_id, move.arrival_before,
                move.arrival, move.promised_before, move.promised_by,
            ),
        )  # fmt: skip
        await connection.execute(
            "UPDATE route_stop SET told_at = %s WHERE visit_id = %s", (move.arrival, move.visit_id)
        )
        if move.promised_by != move.promised_before:
            await connection.execute(
                "UPDATE visit SET promised_first = coalesce(promised_first, promised_by), promised_by = %s "
                "WHERE visit_id = %s",
                (move.promised_by, move.visit_id),
            )
        await connection.execute(NOTIFY, (VISIT, str(move.visit_id)))


async def say_changed(connection: AsyncConnection, visit_id: int) -> None:
    """Wakes who shows routes."""
    await connection.execute(NOTIFY, (VISIT, str(visit_id)))
