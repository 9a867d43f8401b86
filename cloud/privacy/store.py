"""All SQL of consents and of what elders ask of us about their data."""

from collections.abc import Collection
from datetime import datetime

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.privacy.model import Consent, Given, OpenRequest, Wish
from cloud.privacy.purposes import Purpose


async def give(conn: AsyncConnection, elder_id: int, given: Given, staff_id: int, now: datetime) -> int:
    """Writes a consent down; its number. Raises Conflict where it stands already, NotFound where `relative_id` is
    nobody of their family."""
    try:
        async with conn.transaction():
            cursor = await conn.execute(
                "INSERT INTO consent (elder_id, purpose, relative_id, given_by, guardian, how, witness, staff_id, "
                "given_at) SELECT %(elder)s, %(purpose)s, %(relative)s, %(by)s, %(guardian)s, %(how)s, %(witness)s, "
                "%(staff)s, %(now)s WHERE %(relative)s::integer IS NULL OR EXISTS (SELECT FROM relative WHERE "
                "relative_id = %(relative)s AND elder_id = %(elder)s AND ended_at IS NULL) RETURNING consent_id",
                {
                    "elder": elder_id,
                    "purpose": given.purpose.value,
                    "relative": given.relative_id,
                    "by": "guardian" if given.guardian else "elder",
                    "guardian": given.guardian,
                    "how": given.how.value,
                    "witness": given.witness,
                    "staff": staff_id,
                    "now": now,
                },
            )
            row = await cursor.fetchone()
    except UniqueViolation as error:
        raise Conflict("This consent stands already.") from error
    except ForeignKeyViolation as error:
        raise NotFound("There is no such elder.") from error
    if row is None:
        raise NotFound("There is nobody of this family with a way in.")
    return int(row[0])


async def withdraw(
    conn: AsyncConnection, elder_id: int, consent_id: int, staff_id: int | None, now: datetime
) -> Purpose:
    """From now on it counts no more. `staff_id` None: they did it themselves. Raises NotFound; Conflict later.

    Withdrawing the care itself asks the centre to erase what it holds.
    """
    cursor = await conn.execute(
        "UPDATE consent SET withdrawn_at = %s, withdrawn_with = %s "
        "WHERE consent_id = %s AND elder_id = %s AND withdrawn_at IS NULL RETURNING purpose",
        (now, staff_id, consent_id, elder_id),
    )
    row = await cursor.fetchone()
    if row is None:
        known = await conn.execute(
            "SELECT FROM consent WHERE consent_id = %s AND elder_id = %s", (consent_id, elder_id)
        )
        if await known.fetchone() is None:
            raise NotFound("There is no such consent.")
        raise Conflict("This consent was withdrawn already.")
    if row[0] == Purpose.CARE:
        await ask(conn, elder_id, Wish.ERASE, now)
    return Purpose(row[0])


async def withdraw_all_for(
    conn: AsyncConnection, elder_id: int, relative_id: int, staff_id: int | None, now: datetime
) -> None:
    """Of one of the family, whose way in ends."""
    await conn.execute(
        "UPDATE consent SET withdrawn_at = %s, withdrawn_with = %s "
        "WHERE elder_id = %s AND relative_id = %s AND withdrawn_at IS NULL",
        (now, staff_id, elder_id, relative_id),
    )


async def consents(conn: AsyncConnection, elder_id: int) -> list[Consent]:
    """All there ever were: those that stand first, the newest first."""
    async with conn.cursor(row_factory=class_row(Consent)) as cursor:
        await cursor.execute(
            "SELECT consent_id, purpose, relative_id, relative.name AS relative, given_by, guardian, how, witness, "
            "staff.name AS written_by, given_at, withdrawn_at, "
            "withdrawn_at IS NOT NULL AND withdrawn_with IS NULL AS by_themselves "
            "FROM consent LEFT JOIN staff USING (staff_id) LEFT JOIN relative USING (relative_id) "
            "WHERE consent.elder_id = %s ORDER BY withdrawn_at IS NOT NULL, given_at DESC, consent_id DESC",
            (elder_id,),
        )
        return await cursor.fetchall()


async def purposes_for(conn: AsyncConnection, elder_id: int, relative_id: int) -> frozenset[Purpose]:
    """What this one of the family may see just now."""
    cursor = await conn.execute(
        "SELECT purpose FROM consent WHERE elder_id = %s AND relative_id = %s AND withdrawn_at IS NULL",
        (elder_id, relative_id),
    )
    return frozenset(Purpose(purpose) for (purpose,) in await cursor.fetchall())


async def agreeing(conn: AsyncConnection, elder_ids: Collection[int], purpose: Purpose) -> frozenset[int]:
    """Those of `elder_ids` whose consent to `purpose` stands."""
    cursor = await conn.execute(
        "SELECT DISTINCT elder_id FROM consent WHERE elder_id = ANY(%s) AND purpose = %s AND withdrawn_at IS NULL",
        (sorted(elder_ids), purpose.value),
    )
    return frozenset(elder_id for (elder_id,) in await cursor.fetchall())


async def ask(conn: AsyncConnection, elder_id: int, wish: Wish, now: datetime) -> None:
    """Asking again while it is open changes nothing."""
    await conn.execute(
        "INSERT INTO privacy_request (elder_id, what, asked_at) VALUES (%s, %s, %s) "
        "ON CONFLICT (elder_id, what) WHERE done_at IS NULL DO NOTHING",
        (elder_id, wish.value, now),
    )


async def answer(conn: AsyncConnection, elder_id: int, wish: Wish, now: datetime) -> None:
    """What they asked for was done."""
    await conn.execute(
        "UPDATE privacy_request SET done_at = %s WHERE elder_id = %s AND what = %s AND done_at IS NULL",
        (now, elder_id, wish.value),
    )


async def open_wishes(conn: AsyncConnection, elder_id: int) -> frozenset[Wish]:
    """What this elder asked for and waits for."""
    cursor = await conn.execute("SELECT what FROM privacy_request WHERE elder_id = %s AND done_at IS NULL", (elder_id,))
    return frozenset(Wish(what) for (what,) in await cursor.fetchall())


async def open_requests(conn: AsyncConnection, regions: frozenset[int]) -> list[OpenRequest]:
    """Of the elders of `regions`, the oldest first."""
    async with conn.cursor(row_factory=class_row(OpenRequest)) as cursor:
        await cursor.execute(
            "SELECT request_id, elder_id, name, elder.code, what, asked_at FROM privacy_request "
            "JOIN elder USING (elder_id) JOIN home USING (home_id) "
            "WHERE done_at IS NULL AND region_id = ANY(%s) ORDER BY asked_at, request_id",
            (list(regions),),
        )
        return await cursor.fetchall()
