"""All SQL of the pages of demands."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.web.demands.model import DemandRow, FoundElder, HistoryLine

PAGE_DEMANDS = 50
MOST_FOUND = 9
_DEMAND = """
    SELECT d.demand_id, d.elder_id, e.name AS elder_name, r.name AS community, h.region_id, h.time_zone, d.mouth,
           s.name AS who, f.name AS relative, d.text, d.kind, d.sorted_by, d.certainty, d.guesses, d.urgency, d.from_at,
           d.until_at, d.state, d.said_at, d.said_last_at, d.times, d.visit_id, v.state AS visit_state, v.promised_by,
           n.name AS nurse, d.alarm_id, a.state AS alarm_state, m.face
    FROM demand d JOIN elder e USING (elder_id) JOIN home h USING (home_id) JOIN region r USING (region_id)
    LEFT JOIN staff s ON s.staff_id = d.staff_id LEFT JOIN relative f ON f.relative_id = d.relative_id
    LEFT JOIN visit v ON v.visit_id = d.visit_id LEFT JOIN staff n ON n.staff_id = v.nurse_id
    LEFT JOIN assessment m ON m.visit_id = d.visit_id LEFT JOIN alarm a ON a.alarm_id = d.alarm_id
"""
_DOUBTFUL = "(d.state = 'doubt' OR d.state = 'visit' AND d.kind IS NULL)"


@dataclass(frozen=True)
class Filter:
    """Which demands are shown; None: whichever."""

    states: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    mouth: str | None = None
    elder_id: int | None = None


async def demands(
    conn: AsyncConnection, regions: frozenset[int], chosen: Filter, before: int | None = None
) -> list[DemandRow]:
    """A page of them, the newest first, below id `before`."""
    async with conn.cursor(row_factory=class_row(DemandRow)) as cursor:
        await cursor.execute(
            _DEMAND
            + """
            WHERE h.region_id = ANY(%(regions)s) AND (%(states)s::text[] IS NULL OR d.state = ANY(%(states)s))
              AND (%(kinds)s::text[] IS NULL OR d.kind = ANY(%(kinds)s))
              AND (%(mouth)s::text IS NULL OR d.mouth = %(mouth)s)
              AND (%(elder)s::integer IS NULL OR d.elder_id = %(elder)s)
              AND (%(before)s::bigint IS NULL OR d.demand_id < %(before)s)
            ORDER BY d.demand_id DESC LIMIT %(most)s
            """,
            {
                "regions": list(regions),
                "states": None if chosen.states is None else list(chosen.states),
                "kinds": None if chosen.kinds is None else list(chosen.kinds),
                "mouth": chosen.mouth,
                "elder": chosen.elder_id,
                "before": before,
                "most": PAGE_DEMANDS,
            },
        )
        return await cursor.fetchall()


async def doubts(conn: AsyncConnection, regions: frozenset[int]) -> list[DemandRow]:
    """Those of which a person is to say the kind, the oldest first."""
    async with conn.cursor(row_factory=class_row(DemandRow)) as cursor:
        await cursor.execute(
            f"{_DEMAND} WHERE {_DOUBTFUL} AND h.region_id = ANY(%s) ORDER BY d.demand_id LIMIT %s".encode(),
            (list(regions), PAGE_DEMANDS),
        )
        return await cursor.fetchall()


async def demand(conn: AsyncConnection, demand_id: int, regions: frozenset[int]) -> DemandRow:
    """Raises NotFound, also outside of `regions`."""
    async with conn.cursor(row_factory=class_row(DemandRow)) as cursor:
        await cursor.execute(_DEMAND + "WHERE d.demand_id = %s AND h.region_id = ANY(%s)", (demand_id, list(regions)))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no wish {demand_id} in your community.")
    return found


async def history(conn: AsyncConnection, demand_id: int) -> list[HistoryLine]:
    """The oldest first: its own lines, and the steps of its visit and its call that it does not repeat."""
    async with conn.cursor(row_factory=class_row(HistoryLine)) as cursor:
        await cursor.execute(
            """
            WITH one AS MATERIALIZED (SELECT demand_id, visit_id, alarm_id, said_at FROM demand WHERE demand_id = %s)
            SELECT n.at, n.source, n.what, n.state, n.kind, n.actor, s.name AS who, n.note
            FROM (SELECT v.at, 'demand' AS source, v.what, v.state, v.kind, v.actor, v.staff_id, v.note,
                         v.demand_event_id AS place FROM demand_event v JOIN one USING (demand_id)
                  UNION ALL
                  SELECT v.at, 'visit', '', v.state, NULL, v.actor, v.staff_id, v.note, v.visit_event_id
                  FROM visit_event v JOIN one USING (visit_id)
                  WHERE v.state NOT IN ('filed', 'assessed', 'closed', 'cancelled') AND v.at >= one.said_at
                  UNION ALL
                  SELECT v.at, 'alarm', '', v.state, NULL, 'staff', v.staff_id, '', v.alarm_event_id
                  FROM alarm_event v JOIN one USING (alarm_id)
                  WHERE v.state IN ('taken', 'on_the_way') AND v.note = '' AND v.at >= one.said_at) AS n
            LEFT JOIN staff s USING (staff_id) ORDER BY n.at, n.source, n.place
            """,
            (demand_id,),
        )
        return await cursor.fetchall()


async def count_waiting(conn: AsyncConnection, regions: frozenset[int]) -> int:
    """Wishes that somebody at the desk has to look at."""
    cursor = await conn.execute(
        f"SELECT count(*) FROM demand d JOIN elder USING (elder_id) JOIN home h USING (home_id) "  # noqa: S608 - ours
        f"WHERE (d.state = 'open' OR {_DOUBTFUL}) AND h.region_id = ANY(%s)".encode(),
        (list(regions),),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def find_elders(conn: AsyncConnection, regions: frozenset[int], typed: str) -> list[FoundElder]:
    """Whom `typed` may mean: a part of a name or address, a home's code, or a number of the family. At most a few."""
    like = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = "".join(letter for letter in typed if letter.isdecimal())
    async with conn.cursor(row_factory=class_row(FoundElder)) as cursor:
        await cursor.execute(
            """
            SELECT e.elder_id, e.name, e.born_on, h.code AS home_code, h.address, r.name AS community, h.time_zone,
                   (SELECT c.name || ' ' || c.phone FROM contact c WHERE c.elder_id = e.elder_id AND %(digits)s <> ''
                    AND regexp_replace(c.phone, '[^0-9]', '', 'g') LIKE '%%' || %(digits)s || '%%'
                    ORDER BY c.place LIMIT 1) AS by_phone
            FROM elder e JOIN home h USING (home_id) JOIN region r USING (region_id)
            WHERE h.region_id = ANY(%(regions)s) AND (
                e.name ILIKE '%%' || %(like)s || '%%' OR h.address ILIKE '%%' || %(like)s || '%%' OR h.code = %(typed)s
                OR length(%(digits)s) >= 4 AND EXISTS (SELECT FROM contact c WHERE c.elder_id = e.elder_id
                    AND regexp_replace(c.phone, '[^0-9]', '', 'g') LIKE '%%' || %(digits)s || '%%'))
            ORDER BY e.name = %(typed)s DESC, e.name, e.elder_id LIMIT %(most)s
            """,
            {"regions": list(regions), "like": like, "typed": typed, "digits": digits, "most": MOST_FOUND},
        )
        return await cursor.fetchall()


async def elder_in(conn: AsyncConnection, elder_id: int, regions: frozenset[int]) -> FoundElder:
    """Raises NotFound, also outside of `regions`."""
    async with conn.cursor(row_factory=class_row(FoundElder)) as cursor:
        await cursor.execute(
            """
            SELECT e.elder_id, e.name, e.born_on, h.code AS home_code, h.address, r.name AS community, h.time_zone,
                   NULL AS by_phone
            FROM elder e JOIN home h USING (home_id) JOIN region r USING (region_id)
            WHERE e.elder_id = %s AND h.region_id = ANY(%s)
            """,
            (elder_id, list(regions)),
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no elder {elder_id} in your community.")
    return found


async def alarm_of(conn: AsyncConnection, demand_id: int) -> UUID | None:
    """The call that stands for it, where one does."""
    cursor = await conn.execute("SELECT alarm_id FROM demand WHERE demand_id = %s AND state = 'calling'", (demand_id,))
    row = await cursor.fetchone()
    return None if row is None else row[0]
