"""All SQL of regular visits. Each function works in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict
from cloud.visits.regular.risk import Indicators

_INDICATORS = timedelta(days=90)
_REGULAR = (
    "SELECT r.regular_visit_id, r.elder_id, r.every_days, r.from_time, r.to_time, r.skills, r.minutes, "
    "r.people, r.made_by, r.class, r.next_on FROM regular_visit r JOIN elder USING (elder_id) "
    "JOIN home h USING (home_id) WHERE "
)


@dataclass(frozen=True, kw_only=True)
class Regular:
    """Somebody comes every few days."""

    regular_visit_id: int
    elder_id: int
    every_days: int
    from_time: time
    to_time: time
    skills: tuple[str, ...]
    minutes: int | None
    people: int
    made_by: str
    klass: str | None
    next_on: date


@dataclass(frozen=True)
class ByRisk:
    elder_id: int
    klass: str
    every_days: int
    first_on: date


async def indicators(connection: AsyncConnection, now: datetime) -> list[Indicators]:
    """Of all elders for whom no member of staff set a rhythm."""
    cursor = await connection.execute(
        """
        SELECT e.elder_id, (%(now)s AT TIME ZONE h.time_zone)::date, e.born_on, cardinality(e.risks),
               cardinality(e.conditions),
               (SELECT count(*) FROM alert a WHERE a.elder_id = e.elder_id AND a.raised_at > %(since)s
                AND a.verdict IS DISTINCT FROM 'false' AND a.verdict IS DISTINCT FROM 'technique'),
               (SELECT count(*) FROM alarm c WHERE c.elder_id = e.elder_id AND c.heard_at > %(since)s
                AND NOT c.test AND coalesce(c.close_reason, 'real') = 'real')
        FROM elder e JOIN home h USING (home_id)
        WHERE NOT EXISTS (SELECT FROM regular_visit r WHERE r.elder_id = e.elder_id AND r.made_by = 'staff'
                          AND r.ended_at IS NULL)
        ORDER BY e.elder_id
        """,
        {"now": now, "since": now - _INDICATORS},
    )
    return [Indicators(*row) for row in await cursor.fetchall()]


async def put_by_risk(
    connection: AsyncConnection, wanted: Sequence[ByRisk], from_time: time, to_time: time, at: datetime
) -> None:
    """The rhythm of these elders by their risk, and of nobody else. A shorter one pulls the next visit in."""
    await connection.execute(
        "UPDATE regular_visit SET ended_at = %s WHERE made_by = 'risk' AND ended_at IS NULL AND elder_id <> ALL(%s)",
        (at, [one.elder_id for one in wanted]),
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO regular_visit AS known (elder_id, every_days, from_time, to_time, made_by, class, next_on, "
            "made_at) VALUES (%(elder)s, %(days)s, %(from)s, %(to)s, 'risk', %(class)s, %(first)s, %(at)s) "
            "ON CONFLICT (elder_id, made_by) WHERE ended_at IS NULL DO UPDATE SET every_days = excluded.every_days, "
            "class = excluded.class, from_time = excluded.from_time, to_time = excluded.to_time, "
            "next_on = least(known.next_on, excluded.next_on) "
            "WHERE (known.every_days, known.class, known.from_time, known.to_time) "
            "<> (excluded.every_days, excluded.class, excluded.from_time, excluded.to_time)",
            [
                {
                    "elder": one.elder_id, "days": one.every_days, "from": from_time, "to": to_time,
                    "class": one.klass, "first": one.first_on, "at": at,
                }
                for one in wanted
            ],
        )  # fmt: skip


async def set_by_staff(  # noqa: PLR0917 - who sets which rhythm for whom, and when
    connection: AsyncConnection,
    elder_id: int,
    staff_id: int,
    every_days: int,
    from_time: time,
    to_time: time,
    next_on: date,
    at: datetime,
    *,
    skills: Sequence[str] = (),
    minutes: int | None = None,
    people: Literal[1, 2] = 1,
) -> int:
    """In place of the one before, and of the one by risk. Raises Conflict for a window that ends before it begins."""
    if from_time >= to_time:
        raise Conflict("the window ends before it begins")
    await end_regular(connection, elder_id, at)
    cursor = await connection.execute(
        "INSERT INTO regular_visit (elder_id, every_days, from_time, to_time, skills, minutes, people, made_by, "
        "staff_id, next_on, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'staff', %s, %s, %s) "
        "RETURNING regular_visit_id",
        (elder_id, every_days, from_time, to_time, list(skills), minutes, people, staff_id, next_on, at),
    )
    row = await cursor.fetchone()
    if row is None:
        raise Conflict("the rhythm was not written down")
    return int(row[0])


async def end_regular(connection: AsyncConnection, elder_id: int, at: datetime) -> int:
    """Ends what anybody set; what it made and nobody has yet is called off by the next look."""
    cursor = await connection.execute(
        "UPDATE regular_visit SET ended_at = %s WHERE elder_id = %s AND ended_at IS NULL", (at, elder_id)
    )
    return cursor.rowcount


async def regular_of(connection: AsyncConnection, elder_id: int) -> Regular | None:
    """The rhythm in force: the staff's before the one by risk."""
    found = await _read(connection, "r.elder_id = %s AND r.ended_at IS NULL ORDER BY r.made_by DESC LIMIT 1", elder_id)
    return found[0] if found else None


async def due(connection: AsyncConnection, now: datetime, ahead_days: int, at_most: int) -> list[Regular]:
    """Those whose next visit is to stand there by now, locked."""
    return await _read(
        connection,
        "r.ended_at IS NULL AND r.next_on <= (%s AT TIME ZONE h.time_zone)::date + %s::integer "
        "ORDER BY r.next_on, r.regular_visit_id LIMIT %s FOR UPDATE OF r SKIP LOCKED",
        now,
        ahead_days,
        at_most,
    )


async def put_regular(connection: AsyncConnection, regular_visit_id: int, now: datetime) -> tuple[int, int] | None:
    """The next visit of this rhythm, and for how many people; None where there is one for that day, or somebody was
    there lately: then the rhythm begins anew from that day."""
    cursor = await connection.execute(
        """
        WITH known AS (
            SELECT r.*, greatest(r.next_on, (%(now)s AT TIME ZONE h.time_zone)::date) AS on_day, h.time_zone,
                   (SELECT max((f.filed_at AT TIME ZONE h.time_zone)::date) FROM visit v JOIN visit_report f
                    USING (visit_id) WHERE v.elder_id = r.elder_id) AS last_on
            FROM regular_visit r JOIN elder e USING (elder_id) JOIN home h USING (home_id)
            WHERE r.regular_visit_id = %(id)s),
        later AS (SELECT *, r.last_on IS NOT NULL AND r.last_on > r.on_day - (r.every_days + 1) / 2 AS lately
                  FROM known r),
        moved AS (
            UPDATE regular_visit r SET next_on = CASE WHEN later.lately THEN later.last_on ELSE later.on_day END
                                                 + r.every_days
            FROM later WHERE r.regular_visit_id = later.regular_visit_id RETURNING r.regular_visit_id)
        INSERT INTO visit (elder_id, kind, priority, asked_at, from_at, promised_by, skills, minutes,
                           regular_visit_id, regular_on)
        SELECT elder_id, 'regular', 'this_week', %(now)s, (on_day + from_time) AT TIME ZONE time_zone,
               (on_day + to_time) AT TIME ZONE time_zone, skills, minutes, regular_visit_id, on_day
        FROM later JOIN moved USING (regular_visit_id)
        WHERE NOT lately ON CONFLICT (regular_visit_id, regular_on) DO NOTHING
        RETURNING visit_id, (SELECT people FROM later)
        """,
        {"now": now, "id": regular_visit_id},
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


async def without_rhythm(connection: AsyncConnection) -> list[int]:
    """Visits of a rhythm that was ended, and that nobody accepted, locked."""
    cursor = await connection.execute(
        "SELECT v.visit_id FROM visit v JOIN regular_visit r USING (regular_visit_id) WHERE r.ended_at IS NOT NULL "
        "AND v.state IN ('proposed', 'assigned') ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED"
    )
    return [row[0] for row in await cursor.fetchall()]


async def _read(connection: AsyncConnection, where: str, *values: object) -> list[Regular]:
    cursor = await connection.execute((_REGULAR + where).encode(), values)
    return [
        Regular(
            regular_visit_id=row[0], elder_id=row[1], every_days=row[2], from_time=row[3], to_time=row[4],
            skills=tuple(row[5]), minutes=row[6], people=row[7], made_by=row[8], klass=row[9], next_on=row[10],
        )
        for row in await cursor.fetchall()
    ]  # fmt: skip
