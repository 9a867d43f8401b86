"""All SQL of assessments of abilities."""

from collections.abc import Mapping
from datetime import date, datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.registry.elders.abilities.scales import Ground, Result, Scale
from cloud.registry.elders.model import Assessed

_NEWEST = """
    INSERT INTO register_entry AS r (elder_id, ability_level, changed_at)
    SELECT %(id)s, (SELECT level FROM ability_assessment WHERE elder_id = %(id)s AND scale = 'gbt42195'
                    AND struck_at IS NULL ORDER BY assessed_on DESC, ability_id DESC LIMIT 1), %(now)s
    ON CONFLICT (elder_id) DO UPDATE SET ability_level = EXCLUDED.ability_level
"""
"""The entry's own version stays: what people write there is something else."""


async def assessments(conn: AsyncConnection, elder_id: int) -> list[Assessed]:
    """The newest first, with those that were struck."""
    async with conn.cursor(row_factory=class_row(Assessed)) as cursor:
        await cursor.execute(
            """
            SELECT a.ability_id, a.scale, a.assessed_on, a.answers, a.grounds, a.points, a.level, a.note,
                   s.name AS by, a.beside, a.struck_at IS NOT NULL AS struck
            FROM ability_assessment a JOIN staff s USING (staff_id)
            WHERE a.elder_id = %s ORDER BY a.assessed_on DESC, a.ability_id DESC
            """,
            (elder_id,),
        )
        return await cursor.fetchall()


async def assess(
    conn: AsyncConnection,
    elder_id: int,
    scale: Scale,
    *,
    answers: Mapping[str, int],
    grounds: frozenset[Ground],
    result: Result,
    assessed_on: date,
    note: str,
    beside: str,
    staff_id: int,
    now: datetime,
) -> int:
    """The new one's id."""
    cursor = await conn.execute(
        "INSERT INTO ability_assessment (elder_id, scale, assessed_on, answers, grounds, points, level, note, "
        "staff_id, beside, stored_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING ability_id",
        (
            elder_id,
            scale.value,
            assessed_on,
            Jsonb(dict(answers)),
            sorted(ground.value for ground in grounds),
            result.points,
            result.level,
            note,
            staff_id,
            beside,
            now,
        ),
    )
    row = await cursor.fetchone()
    await conn.execute(_NEWEST, {"id": elder_id, "now": now})
    return int(row[0]) if row else 0


async def strike(conn: AsyncConnection, elder_id: int, ability_id: int, *, staff_id: int, now: datetime) -> None:
    """It was wrong, and counts no more; who strikes it again changes nothing. Raises NotFound."""
    cursor = await conn.execute(
        "UPDATE ability_assessment SET struck_at = coalesce(struck_at, %s), struck_by = coalesce(struck_by, %s) "
        "WHERE elder_id = %s AND ability_id = %s",
        (now, staff_id, elder_id, ability_id),
    )
    if cursor.rowcount != 1:
        raise NotFound(f"There is no assessment {ability_id} of this elder.")
    await conn.execute(_NEWEST, {"id": elder_id, "now": now})
