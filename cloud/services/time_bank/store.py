"""All SQL of the ledger. Each function works in the caller's transaction."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.services.time_bank.model import Account, Deed, Entry, Line, NotEnough, StatementLine

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
_ACCOUNT = "SELECT account_id, code, staff_id, elder_id, balance FROM time_account "


async def book(connection: AsyncConnection, entry: Entry, at: datetime, *, staff_id: int | None = None) -> bool:
    """Books the deed, whole; False where it is booked already. `staff_id`: who did it; None: an elder, or the centre.

    Raises NotEnough; then nothing of it is booked.
    """
    lines = sorted(entry.lines, key=lambda line: line.account_id)  # in one order: nobody waits for each other for ever
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO time_entry (entry_id, kind, at, by_staff_id, visit_id, corrects_id, why) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (entry.entry_id, entry.kind, at, staff_id, entry.visit_id, entry.corrects_id, entry.why),
            )
            for line in lines:
                await connection.execute(
                    "INSERT INTO time_line (entry_id, account_id, minutes) VALUES (%s, %s, %s)",
                    (entry.entry_id, line.account_id, line.minutes),
                )
    except UniqueViolation:
        return False
    except CheckViolation as violation:
        if violation.diag.constraint_name == "time_account_not_below_zero":
            raise NotEnough from violation
        raise
    return True


async def account(connection: AsyncConnection, account_id: int) -> Account:
    """Raises NotFound."""
    return await _one(connection, "WHERE account_id = %s", account_id) or _missing()


async def account_of_elder(connection: AsyncConnection, elder_id: int) -> Account | None:
    return await _one(connection, "WHERE elder_id = %s", elder_id)


async def account_of_staff(connection: AsyncConnection, staff_id: int) -> Account | None:
    return await _one(connection, "WHERE staff_id = %s", staff_id)


async def open_account(
    connection: AsyncConnection, now: datetime, *, staff_id: int | None = None, elder_id: int | None = None
) -> Account:
    """The account of these people, who are one where both are given; opened where there is none.

    An elder who becomes a volunteer goes on with the account that they have.
    """
    found = await _one(connection, "WHERE staff_id = %s OR elder_id = %s ORDER BY staff_id LIMIT 1", staff_id, elder_id)
    if found is None:
        code = "".join(secrets.choice(_LETTERS) for _ in range(12))
        await connection.execute(
            "INSERT INTO time_account (code, staff_id, elder_id, opened_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            (code, staff_id, elder_id, now),
        )
    elif (staff_id, elder_id) not in ((found.staff_id, None), (None, found.elder_id), (found.staff_id, found.elder_id)):
        await connection.execute(
            "UPDATE time_account SET staff_id = coalesce(staff_id, %s), elder_id = coalesce(elder_id, %s) "
            "WHERE account_id = %s",
            (staff_id, elder_id, found.account_id),
        )
    again = await _one(connection, "WHERE staff_id = %s OR elder_id = %s ORDER BY staff_id LIMIT 1", staff_id, elder_id)
    return again or _missing()


async def system_account(connection: AsyncConnection, name: str) -> int:
    """The id of the account of nobody with this name (model.System, or account_of_bank)."""
    cursor = await connection.execute("SELECT time_system_account(%s)", (name,))
    row = await cursor.fetchone()
    return int(row[0]) if row else _missing()


async def account_with_code(connection: AsyncConnection, code: str) -> int | None:
    """Whoever knows the code may give to it."""
    cursor = await connection.execute("SELECT time_account_of(%s)", (code,))
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def set_aside_for(connection: AsyncConnection, visit_id: int) -> int:
    """Minutes that wait for this visit."""
    cursor = await connection.execute("SELECT time_reserved(%s)", (visit_id,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def times_set_aside(connection: AsyncConnection, visit_id: int) -> int:
    """How many deeds set minutes aside for this visit, or gave them back: the number of the next one."""
    cursor = await connection.execute("SELECT time_deeds(%s)", (visit_id,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def account_of_elder_anyhow(connection: AsyncConnection, elder_id: int) -> int | None:
    """The id of an elder's account, to give to; also for who may not look at it."""
    cursor = await connection.execute("SELECT time_account_of_elder(%s)", (elder_id,))
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else int(row[0])


async def lines_of(connection: AsyncConnection, entry_id: UUID) -> list[Line]:
    """All lines of a deed of which the caller sees one; else none."""
    cursor = await connection.execute("SELECT account_id, minutes FROM time_lines(%s)", (entry_id,))
    return [Line(*row) for row in await cursor.fetchall()]


async def kind_of(connection: AsyncConnection, entry_id: UUID) -> tuple[Deed, int | None]:
    """What deed it is, and of which visit. Raises NotFound."""
    cursor = await connection.execute("SELECT kind, visit_id FROM time_entry WHERE entry_id = %s", (entry_id,))
    row = await cursor.fetchone()
    return (Deed(row[0]), row[1]) if row else _missing("there is no such deed in the ledger")


async def earned_before(connection: AsyncConnection, visit_id: int) -> tuple[int, bool]:
    """How often the minutes of this visit were booked and taken back, and whether they stand booked now."""
    cursor = await connection.execute(
        "SELECT count(c.entry_id), count(*) > count(c.entry_id) FROM time_entry e "
        "LEFT JOIN time_entry c ON c.corrects_id = e.entry_id WHERE e.visit_id = %s AND e.kind = 'earn'",
        (visit_id,),
    )
    row = await cursor.fetchone()
    return (int(row[0]), bool(row[1])) if row else (0, False)


async def statement(
    connection: AsyncConnection, account_id: int, since: datetime, at_most: int = 500
) -> list[StatementLine]:
    """The account's lines, newest first, each with the balance after it."""
    async with connection.cursor(row_factory=class_row(StatementLine)) as cursor:
        await cursor.execute(
            "SELECT e.entry_id, e.kind, e.at, l.minutes, l.balance, e.visit_id, e.why, "
            "EXISTS (SELECT FROM time_entry c WHERE c.corrects_id = e.entry_id) AS corrected, "
            "EXISTS (SELECT FROM time_dispute d WHERE d.entry_id = e.entry_id AND d.account_id = l.account_id "
            "AND d.outcome IS NULL) AS disputed "
            "FROM time_line l JOIN time_entry e USING (entry_id) WHERE l.account_id = %s AND e.at >= %s "
            "ORDER BY l.place DESC LIMIT %s",
            (account_id, since, at_most),
        )
        return await cursor.fetchall()


async def sums(connection: AsyncConnection) -> Mapping[str, int]:
    """Minutes of each account of nobody, of `people` together, and of `all`, which is zero."""
    cursor = await connection.execute("SELECT what, minutes FROM time_sums()")
    return dict(await cursor.fetchall())


async def aged(connection: AsyncConnection, cutoff: datetime) -> list[tuple[int, dict[datetime, int], int]]:
    """People's accounts with minutes from before `cutoff`: account, what came when, and all that ever left."""
    cursor = await connection.execute(
        "SELECT l.account_id, array_agg(e.at) FILTER (WHERE l.minutes > 0), "
        "array_agg(l.minutes) FILTER (WHERE l.minutes > 0), coalesce(-sum(l.minutes) FILTER (WHERE l.minutes < 0), 0) "
        "FROM time_line l JOIN time_entry e USING (entry_id) JOIN time_account a USING (account_id) "
        "WHERE a.system IS NULL AND a.balance > 0 GROUP BY l.account_id "
        "HAVING sum(l.minutes) FILTER (WHERE l.minutes > 0 AND e.at < %s) > 0 ORDER BY l.account_id",
        (cutoff,),
    )
    found = []
    for account_id, times, minutes, spent in await cursor.fetchall():
        came: dict[datetime, int] = {}
        for at, one in zip(times, minutes, strict=True):
            came[at] = came.get(at, 0) + one
        found.append((account_id, came, int(spent)))
    return found


async def left_aside(connection: AsyncConnection) -> list[tuple[int, int]]:
    """Visits for which minutes are set aside and that no volunteer makes any more, locked: visit and elder."""
    cursor = await connection.execute(
        "SELECT v.visit_id, v.elder_id FROM visit v WHERE (v.goer = 'nurse' OR v.state = 'cancelled' "
        "OR EXISTS (SELECT FROM staff s WHERE s.staff_id = v.nurse_id AND s.role <> 'volunteer')) "
        "AND v.visit_id IN (SELECT e.visit_id FROM time_entry e "
        "JOIN time_line l USING (entry_id) JOIN time_account a USING (account_id) "
        "WHERE a.system = 'reserved' GROUP BY e.visit_id HAVING sum(l.minutes) > 0) "
        "ORDER BY v.visit_id FOR UPDATE OF v SKIP LOCKED"
    )
    return await cursor.fetchall()


async def _one(connection: AsyncConnection, where: str, *values: Any) -> Account | None:
    async with connection.cursor(row_factory=class_row(Account)) as cursor:
        await cursor.execute((_ACCOUNT + where).encode(), values)
        return await cursor.fetchone()


def _missing(what: str = "there is no such account") -> Any:
    raise NotFound(what)
