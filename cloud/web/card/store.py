"""All SQL of the card that other pages do not have."""

from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from cloud.db.pool import AsyncConnection
from cloud.web.card.model import Basics, CardStep
from cloud.web.evidence.model import Contact, Person


async def steps(conn: AsyncConnection, alarm_id: UUID) -> list[CardStep]:
    """Oldest first. What only the desk is to see was told to no home: its two moments are the same."""
    async with conn.cursor(row_factory=class_row(CardStep)) as cursor:
        await cursor.execute(
            """
            SELECT v.state, v.at, s.name AS who, v.minutes, v.note, v.told_home_at,
                   (v.note = '' OR v.state = 'closed') AND a.gateway_id IS NOT NULL AS for_home
            FROM alarm_event v JOIN alarm a USING (alarm_id) LEFT JOIN staff s USING (staff_id)
            WHERE v.alarm_id = %s ORDER BY v.alarm_event_id
            """,
            (alarm_id,),
        )
        return await cursor.fetchall()


async def visit_of(conn: AsyncConnection, alarm_id: UUID) -> int | None:
    cursor = await conn.execute("SELECT visit_id FROM visit WHERE alarm_id = %s", (alarm_id,))
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def all_basics(conn: AsyncConnection) -> list[Basics]:
    """Of every elder whose home has a gateway."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT e.elder_id, e.code, e.name, e.born_on, e.sex, e.conditions, e.risks, e.plan, e.data_note,
                   h.home_id, h.address, h.door_note, h.time_zone, h.region_id, r.name AS community,
                   CASE WHEN r.level = 'street' THEN r.name ELSE p.name END AS street,
                   (SELECT coalesce(jsonb_agg(jsonb_build_object('place', c.place, 'name', c.name,
                                    'relation', c.relation, 'phone', c.phone) ORDER BY c.place), '[]')
                    FROM contact c WHERE c.elder_id = e.elder_id) AS contacts
            FROM elder e JOIN home h USING (home_id) JOIN region r ON r.region_id = h.region_id
            LEFT JOIN region p ON p.region_id = r.parent_id
            WHERE EXISTS (SELECT FROM gateway g WHERE g.home_id = h.home_id)
            """
        )
        return [_basics(row) for row in await cursor.fetchall()]


def _basics(row: dict[str, Any]) -> Basics:
    contacts = [Contact(**contact) for contact in row.pop("contacts")]
    return Basics(Person(**row), contacts)
