"""All SQL about one elder's time line."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import args_row, class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.evidence.model import Band, Contact, Daily, Measured, Night, Noticed, PastVisit, Person, Point

_PERSON = """
    SELECT e.elder_id, e.code, e.name, e.born_on, e.sex, e.conditions, e.risks, e.plan, e.data_note,
           h.home_id, h.address, h.door_note, h.time_zone, h.region_id, r.name AS community,
           CASE WHEN r.level = 'street' THEN r.name ELSE p.name END AS street
    FROM elder e JOIN home h USING (home_id) JOIN region r ON r.region_id = h.region_id
    LEFT JOIN region p ON p.region_id = r.parent_id
"""


async def person(conn: AsyncConnection, elder_id: int, regions: frozenset[int]) -> Person:
    """Raises NotFound where there is no such elder in `regions`, so that nothing tells the two apart."""
    async with conn.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(
            _PERSON + "WHERE e.elder_id = %s AND h.region_id = ANY(%s)", (_key(elder_id), list(regions))
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no elder {elder_id} in your community.")
    return found


async def person_of_link(conn: AsyncConnection, elder_id: int) -> Person:
    """Whoever a link leads to that was looked up already. Raises NotFound."""
    async with conn.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_PERSON + "WHERE e.elder_id = %s", (elder_id,))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("This link opens nothing.")
    return found


async def contacts(conn: AsyncConnection, elder_id: int) -> list[Contact]:
    """In the order in which they are to be called."""
    async with conn.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(
            "SELECT place, name, relation, phone FROM contact WHERE elder_id = %s ORDER BY place", (elder_id,)
        )
        return await cursor.fetchall()


# A page asks for thousands of these: rows come in the order of the fields, which is half the work of going by name.


async def readings(
    conn: AsyncConnection, elder_id: int, metrics: Sequence[str], begin: datetime, end: datetime
) -> list[Measured]:
    """In order of time, and of metric within it."""
    async with conn.cursor(row_factory=args_row(Measured), binary=True) as cursor:
        # All of it stands in the index reading_of_elder: an elder's rows lie scattered over the whole table.
        await cursor.execute(
            """
            SELECT metric, measured_at, value, flags, meal FROM reading
            WHERE elder_id = %s AND metric = ANY(%s) AND measured_at BETWEEN %s AND %s
            ORDER BY measured_at, metric, value
            """,
            (elder_id, list(metrics), begin, end),
        )
        return await cursor.fetchall()


async def points(
    conn: AsyncConnection, wanted: Sequence[tuple[int, str]], begin: datetime, end: datetime
) -> list[Point]:
    """Of each elder the readings of one metric, in order of time; `wanted` are elders with metrics."""
    async with conn.cursor(row_factory=args_row(Point), binary=True) as cursor:
        await cursor.execute(
            """
            SELECT wanted.elder_id, wanted.metric, r.measured_at, r.value
            FROM unnest(%s::integer[], %s::text[]) AS wanted (elder_id, metric)
            CROSS JOIN LATERAL (
                SELECT measured_at, value FROM reading
                WHERE reading.elder_id = wanted.elder_id AND reading.metric = wanted.metric
                  AND measured_at BETWEEN %s AND %s
            ) AS r
            ORDER BY wanted.elder_id, wanted.metric, r.measured_at, r.value
            """,
            ([elder_id for elder_id, _ in wanted], [metric for _, metric in wanted], begin, end),
        )
        return await cursor.fetchall()


async def days(
    conn: AsyncConnection, elder_id: int, metrics: Sequence[str], begin: datetime, end: datetime
) -> list[Daily]:
    """In order of time, and of metric within it."""
    async with conn.cursor(row_factory=args_row(Daily), binary=True) as cursor:
        await cursor.execute(
            """
            SELECT metric, bucket + INTERVAL '12 hours' AS measured_at, mean AS value, low, high, count
            FROM reading_daily
            WHERE elder_id = %s AND metric = ANY(%s) AND bucket BETWEEN %s AND %s
            ORDER BY bucket, metric
            """,
            (elder_id, list(metrics), begin, end),
        )
        return await cursor.fetchall()


async def latest(conn: AsyncConnection, elder_id: int, metrics: Sequence[str], until: datetime) -> list[Measured]:
    """The last reading of each metric that has one."""
    async with conn.cursor(row_factory=class_row(Measured)) as cursor:
        await cursor.execute(
            """
            SELECT last.* FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (metric, place)
            CROSS JOIN LATERAL (
                SELECT metric, measured_at, value, flags, meal FROM reading
                WHERE elder_id = %s AND reading.metric = wanted.metric AND measured_at <= %s
                ORDER BY measured_at DESC, record_key DESC LIMIT 1
            ) AS last
            ORDER BY wanted.place
            """,
            (list(metrics), elder_id, until),
        )
        return await cursor.fetchall()


async def bands(conn: AsyncConnection, elder_id: int) -> dict[str, Band]:
    async with conn.cursor(row_factory=class_row(Band)) as cursor:
        await cursor.execute(
            "SELECT metric, centre, low, high, count, computed_at FROM baseline WHERE elder_id = %s", (elder_id,)
        )
        return {band.metric: band for band in await cursor.fetchall()}


async def bands_of_several(
    conn: AsyncConnection, elder_ids: Sequence[int]
) -> dict[tuple[int, str], tuple[float, float]]:
    """Low and high of each elder's own normal, by elder and metric."""
    cursor = await conn.execute(
        "SELECT elder_id, metric, low, high FROM baseline WHERE elder_id = ANY(%s)", (list(elder_ids),)
    )
    return {(elder_id, metric): (low, high) for elder_id, metric, low, high in await cursor.fetchall()}


async def nights(conn: AsyncConnection, elder_id: int, begin: datetime, end: datetime, zone: str) -> list[Night]:
    """Nights with at least one movement heard."""
    async with conn.cursor(row_factory=class_row(Night)) as cursor:
        await cursor.execute(
            """
            WITH heard AS (
                SELECT measured_at AT TIME ZONE %(zone)s AS local FROM reading
                WHERE elder_id = %(elder)s AND metric = 'motion' AND value > 0
                  AND measured_at BETWEEN %(begin)s AND %(end)s
            )
            SELECT (local + INTERVAL '2 hours')::date AS morning, count(*)::integer AS movements
            FROM heard WHERE extract(hour FROM local) >= 22 OR extract(hour FROM local) < 6
            GROUP BY morning ORDER BY morning
            """,
            {"zone": zone, "elder": elder_id, "begin": begin, "end": end},
        )
        return await cursor.fetchall()


async def noticed(conn: AsyncConnection, elder_id: int, since: datetime) -> list[Noticed]:
    """Alerts, newest first."""
    async with conn.cursor(row_factory=class_row(Noticed)) as cursor:
        await cursor.execute(
            """
            SELECT a.alert_id, a.cause, a.priority, a.reasons, a.raised_at, a.state, a.closed_at, a.verdict,
                   s.name AS verdict_by, a.verdict_at, v.visit_id
            FROM alert a LEFT JOIN staff s ON s.staff_id = a.verdict_by LEFT JOIN visit v USING (alert_id)
            WHERE a.elder_id = %s AND a.raised_at >= %s ORDER BY a.raised_at DESC LIMIT 200
            """,
            (elder_id, since),
        )
        return await cursor.fetchall()


async def past_visits(conn: AsyncConnection, elder_id: int, since: datetime) -> list[PastVisit]:
    """Visits with their reports and the elder's word on them, newest first."""
    async with conn.cursor(row_factory=class_row(PastVisit)) as cursor:
        await cursor.execute(
            """
            SELECT v.visit_id, v.kind, v.state, v.wish, a.cause, s.name AS nurse, v.asked_at,
                   r.filed_at, r.findings, r.actions, r.note, r.verdict, r.next_on, m.face, m.word,
                   r.measured, (SELECT count(*) FROM visit_medium p WHERE p.visit_id = v.visit_id) AS media
            FROM visit v LEFT JOIN alert a USING (alert_id) LEFT JOIN staff s ON s.staff_id = v.nurse_id
            LEFT JOIN visit_report r USING (visit_id) LEFT JOIN assessment m USING (visit_id)
            WHERE v.elder_id = %s AND v.asked_at >= %s ORDER BY v.asked_at DESC LIMIT 200
            """,
            (elder_id, since),
        )
        return await cursor.fetchall()


_LARGEST_KEY = 2**31 - 1


def _key(number: int) -> int:
    """A number from an address as a key; one that no row can have becomes -1."""
    return number if 0 <= number <= _LARGEST_KEY else -1
