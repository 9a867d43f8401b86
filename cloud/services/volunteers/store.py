"""All SQL of the volunteers' register. Each function works in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.services.volunteers.model import Hours, Listed, Seen, State, Step, Volunteer
from cloud.services.volunteers.vetting import next_expiry

_LARGEST_ID = 2**31 - 1


async def add(
    connection: AsyncConnection,
    now: datetime,
    *,
    login: str,
    name: str,
    phone: str,
    region_id: int,
    password_hash: str,
    sex: str | None,
    elder_code: str | None,
    by: int,
) -> int:
    """Somebody applied; their account of staff. `elder_code`: they are this elder of ours too.

    Raises Conflict where the login is taken, or that elder is a volunteer already, and NotFound for an unknown elder.
    """
    elder_id = None
    if elder_code is not None:
        cursor = await connection.execute("SELECT elder_id FROM elder WHERE code = %s", (elder_code,))
        row = await cursor.fetchone()
        if row is None:
            raise NotFound("there is no elder with this code")
        elder_id = row[0]
    try:
        async with connection.transaction():
            cursor = await connection.execute(
                "INSERT INTO staff (login, name, role, region_id, phone, password_hash, sex) "
                "VALUES (%s, %s, 'volunteer', %s, %s, %s, %s) RETURNING staff_id",
                (login, name, region_id, phone, password_hash, sex),
            )
            row = await cursor.fetchone()
            assert row is not None  # noqa: S101 - it was just inserted
            await connection.execute(
                "INSERT INTO volunteer (staff_id, elder_id, applied_at) VALUES (%s, %s, %s)", (row[0], elder_id, now)
            )
    except UniqueViolation as clash:
        taken = "this elder is a volunteer" if clash.diag.table_name == "volunteer" else "this login is taken"
        raise Conflict(f"{taken} already") from clash
    await add_step(connection, row[0], State.APPLIED, now, by=by)
    return int(row[0])


async def add_step(
    connection: AsyncConnection, staff_id: int, state: State, at: datetime, *, by: int, note: str = ""
) -> None:
    await connection.execute("UPDATE volunteer SET state = %s WHERE staff_id = %s", (state, staff_id))
    await connection.execute(
        "INSERT INTO volunteer_step (staff_id, state, at, by_staff_id, note) VALUES (%s, %s, %s, %s, %s)",
        (staff_id, state, at, by, note),
    )


async def add_paper(
    connection: AsyncConnection, staff_id: int, kind: str, at: datetime, *, by: int, expires_on: date | None
) -> None:
    await connection.execute(
        "INSERT INTO volunteer_paper (staff_id, kind, seen_by, seen_at, expires_on) VALUES (%s, %s, %s, %s, %s)",
        (staff_id, kind, by, at, expires_on),
    )


async def set_offer(
    connection: AsyncConnection,
    staff_id: int,
    *,
    skills: Sequence[str],
    languages: Sequence[str],
    week_minutes: int,
    hours: Collection[Hours],
) -> None:
    """What they offer and when, in place of what stood."""
    await connection.execute(
        "UPDATE staff SET skills = %s, languages = %s WHERE staff_id = %s AND role = 'volunteer'",
        (list(skills), list(languages), staff_id),
    )
    await connection.execute("UPDATE volunteer SET week_minutes = %s WHERE staff_id = %s", (week_minutes, staff_id))
    await connection.execute("DELETE FROM volunteer_hours WHERE staff_id = %s", (staff_id,))
    for one in sorted(hours):
        await connection.execute(
            "INSERT INTO volunteer_hours (staff_id, weekday, from_time, to_time) VALUES (%s, %s, %s, %s)",
            (staff_id, one.weekday, one.from_time, one.to_time),
        )


async def volunteer(connection: AsyncConnection, staff_id: int, *, lock: bool = False) -> Volunteer:
    """Raises NotFound. With `lock` their state stays until the transaction ends."""
    if not 0 <= staff_id <= _LARGEST_ID:
        raise NotFound("there is no such volunteer")
    if lock:
        await connection.execute("SELECT FROM volunteer WHERE staff_id = %s FOR UPDATE", (staff_id,))
    cursor = await connection.execute(
        "SELECT s.login, s.name, s.phone, r.name, v.state, v.elder_id, s.skills, s.languages, v.week_minutes "
        "FROM volunteer v JOIN staff s USING (staff_id) JOIN region r USING (region_id) WHERE v.staff_id = %s",
        (staff_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound("there is no such volunteer")
    login, name, phone, region, state, elder_id, skills, languages, week_minutes = row
    cursor = await connection.execute(
        "SELECT t.state, t.at, b.name, t.note FROM volunteer_step t JOIN staff b ON b.staff_id = t.by_staff_id "
        "WHERE t.staff_id = %s ORDER BY t.volunteer_step_id DESC",
        (staff_id,),
    )
    return Volunteer(
        staff_id=staff_id,
        login=login,
        name=name,
        phone=phone,
        region=region,
        state=State(state),
        elder_id=elder_id,
        skills=tuple(skills),
        languages=tuple(languages),
        week_minutes=week_minutes,
        papers=(await papers(connection, [staff_id])).get(staff_id, ()),
        hours=(await hours(connection, [staff_id])).get(staff_id, ()),
        steps=tuple([Step(*one) for one in await cursor.fetchall()]),
    )


async def papers(connection: AsyncConnection, staff_ids: Sequence[int]) -> dict[int, tuple[Seen, ...]]:
    """By volunteer, the newest first."""
    cursor = await connection.execute(
        "SELECT p.staff_id, p.kind, b.name, p.seen_at, p.expires_on FROM volunteer_paper p "
        "JOIN staff b ON b.staff_id = p.seen_by WHERE p.staff_id = ANY(%s) ORDER BY p.volunteer_paper_id DESC",
        (list(staff_ids),),
    )
    found: dict[int, list[Seen]] = {}
    for staff_id, *seen in await cursor.fetchall():
        found.setdefault(staff_id, []).append(Seen(*seen))
    return {staff_id: tuple(seen) for staff_id, seen in found.items()}


async def hours(connection: AsyncConnection, staff_ids: Sequence[int]) -> dict[int, tuple[Hours, ...]]:
    """By volunteer, in the order of the week."""
    cursor = await connection.execute(
        "SELECT staff_id, weekday, from_time, to_time FROM volunteer_hours WHERE staff_id = ANY(%s) "
        "ORDER BY staff_id, weekday, from_time",
        (list(staff_ids),),
    )
    found: dict[int, list[Hours]] = {}
    for staff_id, *one in await cursor.fetchall():
        found.setdefault(staff_id, []).append(Hours(*one))
    return {staff_id: tuple(one) for staff_id, one in found.items()}


async def listed(connection: AsyncConnection, regions: frozenset[int]) -> list[Listed]:
    """The volunteers of `regions`: whom somebody has to look at first, then by name."""
    async with connection.cursor(row_factory=class_row(Listed)) as cursor:
        await cursor.execute(
            "SELECT s.staff_id, s.name, s.phone, v.state, r.name AS region, s.skills, "
            "(SELECT count(*) FROM visit o WHERE o.nurse_id = s.staff_id "
            "AND o.state IN ('filed', 'assessed', 'closed')) AS visits, coalesce(a.balance, 0) AS balance, "
            "NULL::date AS next_expiry "
            "FROM volunteer v JOIN staff s USING (staff_id) JOIN region r USING (region_id) "
            "LEFT JOIN time_account a ON a.staff_id = s.staff_id WHERE s.region_id = ANY(%s) "
            "ORDER BY array_position(ARRAY['applied', 'checking', 'training', 'active', 'paused', 'left', 'refused'], "
            "v.state), s.name, s.staff_id LIMIT 2000",
            (sorted(regions),),
        )
        found = await cursor.fetchall()
    seen = await papers(connection, [one.staff_id for one in found])
    return [_with_expiry(one, seen.get(one.staff_id, ())) for one in found]


def _with_expiry(one: Listed, seen: tuple[Seen, ...]) -> Listed:
    return replace(one, next_expiry=next_expiry(seen))
