"""All SQL of an elder's entry in the register. Who sees which rows, the database says (cloud/db/sight.py)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.registry.elders.model import Change, Entry, Found, Moved, Told

_ENTRY = """
    SELECT e.elder_id, e.code, e.name, e.born_on, e.sex, e.language, h.home_id, h.code AS home_code, h.region_id,
           c.name AS community, h.address, h.door_note, h.time_zone, r.dwelling, r.storey, r.lift,
           coalesce(r.lives_with, '{}') AS lives_with, coalesce(r.household, '') AS household, r.religion,
           coalesce(r.diet, '{}') AS diet, coalesce(r.food_note, '') AS food_note,
           coalesce(r.payers, '{}') AS payers, coalesce(r.payer_note, '') AS payer_note, r.ability_level,
           coalesce(r.version, 0) AS version, r.changed_at, s.name AS changed_by
    FROM elder e JOIN home h USING (home_id) JOIN region c ON c.region_id = h.region_id
    LEFT JOIN register_entry r USING (elder_id) LEFT JOIN staff s ON s.staff_id = r.changed_by
    WHERE e.elder_id = %s
"""


async def find(
    conn: AsyncConnection,
    within: frozenset[int],
    *,
    text: str = "",
    number_hash: bytes | None = None,
    least_level: int | None = None,
    alone: bool = False,
    after: tuple[str, int] | None = None,
    at_most: int = 50,
) -> list[Found]:
    """By name, then by id. `text` is part of a name or an address, or a whole code; `number_hash` that of an identity
    number or card, which nurses find nobody by; `after` the last line that was shown."""
    pattern = None
    if text:
        plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{plain}%"
    async with conn.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(
            """
            SELECT e.elder_id, e.code, e.name, e.born_on, e.sex, h.address, c.name AS community,
                   coalesce('alone' = ANY (r.lives_with), false) AS alone, r.ability_level
            FROM web.find_elders(%(within)s::integer[], %(pattern)s, %(text)s, %(hash)s, %(level)s::integer, %(alone)s,
                                 %(name)s, %(id)s::integer, %(most)s) AS found
            JOIN elder e USING (elder_id) JOIN home h USING (home_id) JOIN region c ON c.region_id = h.region_id
            LEFT JOIN register_entry r USING (elder_id)
            ORDER BY e.name, e.elder_id
            """,
            {
                "within": list(within),
                "pattern": pattern,
                "text": text or None,
                "hash": number_hash,
                "level": least_level,
                "alone": alone,
                "name": after[0] if after else None,
                "id": after[1] if after else None,
                "most": at_most,
            },
        )
        return await cursor.fetchall()


async def entry(conn: AsyncConnection, elder_id: int) -> Entry:
    """Raises NotFound."""
    async with conn.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(_ENTRY, (elder_id if 0 < elder_id < 2**31 else 0,))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no elder {elder_id} in your community.")
    return found


async def change(
    conn: AsyncConnection,
    elder_id: int,
    written: Change,
    contacts: Sequence[Told],
    *,
    version: int,
    staff_id: int | None,
    now: datetime,
) -> None:
    """Writes the whole entry. Raises Conflict where it is no longer the `version` that was read, NotFound."""
    values = asdict(written) | {"id": elder_id, "version": version, "staff": staff_id, "now": now}
    cursor = await conn.execute(
        """
        INSERT INTO register_entry AS r (elder_id, dwelling, storey, lift, lives_with, household, religion, diet,
                                         food_note, payers, payer_note, changed_by, changed_at)
        SELECT elder_id, %(dwelling)s, %(storey)s, %(lift)s, %(lives_with)s, %(household)s, %(religion)s, %(diet)s,
               %(food_note)s, %(payers)s, %(payer_note)s, %(staff)s, %(now)s FROM elder WHERE elder_id = %(id)s
        ON CONFLICT (elder_id) DO UPDATE SET dwelling = EXCLUDED.dwelling, storey = EXCLUDED.storey,
            lift = EXCLUDED.lift, lives_with = EXCLUDED.lives_with, household = EXCLUDED.household,
            religion = EXCLUDED.religion, diet = EXCLUDED.diet, food_note = EXCLUDED.food_note,
            payers = EXCLUDED.payers, payer_note = EXCLUDED.payer_note, changed_by = EXCLUDED.changed_by,
            changed_at = EXCLUDED.changed_at, version = r.version + 1
        WHERE r.version = %(version)s
        """,
        {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()},
    )
    if cursor.rowcount != 1:
        await entry(conn, elder_id)
        raise Conflict("Somebody else changed this entry meanwhile. What they wrote stands; look, and write again.")
    await conn.execute(
        "UPDATE elder SET name = %(name)s, born_on = %(born_on)s, sex = %(sex)s, language = %(language)s "
        "WHERE elder_id = %(id)s",
        values,
    )
    await conn.execute(
        "UPDATE home SET address = %(address)s, door_note = %(door_note)s "
        "WHERE home_id = (SELECT home_id FROM elder WHERE elder_id = %(id)s)",
        values,
    )
    await conn.execute("DELETE FROM contact WHERE elder_id = %s", (elder_id,))
    async with conn.cursor() as many:
        await many.executemany(
            "INSERT INTO contact (elder_id, place, name, relation, phone) VALUES (%s, %s, %s, %s, %s)",
            [(elder_id, place, one.name, one.relation, one.phone) for place, one in enumerate(contacts, start=1)],
        )


async def contacts(conn: AsyncConnection, elder_id: int) -> list[Told]:
    """In the order in which they are called."""
    async with conn.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(
            "SELECT name, relation, phone FROM contact WHERE elder_id = %s ORDER BY place", (elder_id,)
        )
        return await cursor.fetchall()


async def moves(conn: AsyncConnection, elder_id: int) -> list[Moved]:
    """The newest first."""
    async with conn.cursor(row_factory=class_row(Moved)) as cursor:
        await cursor.execute(
            """
            SELECT m.moved_at, f.name AS from_region, t.name AS to_region, m.why FROM elder_move m
            JOIN region f ON f.region_id = m.from_region_id JOIN region t ON t.region_id = m.to_region_id
            WHERE m.elder_id = %s ORDER BY m.moved_at DESC
            """,
            (elder_id,),
        )
        return await cursor.fetchall()


async def has_home(conn: AsyncConnection, home_code: str) -> bool:
    """Whether there is such a home among those that are seen."""
    cursor = await conn.execute("SELECT FROM home WHERE code = %s", (home_code,))
    return await cursor.fetchone() is not None
