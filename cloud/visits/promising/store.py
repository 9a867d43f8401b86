"""All SQL of when somebody can come. Each function works in the caller's transaction."""

from datetime import date
from zoneinfo import ZoneInfo

from cloud.db.pool import AsyncConnection
from cloud.visits.promising.hours import NurseHours, TeamHours


async def hours_of(connection: AsyncConnection, elder_id: int) -> TeamHours | None:
    """Of the nurses on duty who go to this elder; None where there is none."""
    cursor = await connection.execute(
        "SELECT h.time_zone, n.works_from, n.works_to, n.away_from, n.away_to "
        "FROM elder e JOIN home h USING (home_id), web.team_hours(e.elder_id) n WHERE e.elder_id = %s",
        (elder_id,),
    )
    rows = await cursor.fetchall()
    if not rows:
        return None
    nurses = tuple(
        NurseHours(
            works_from,
            works_to,
            tuple((begin or date.min, end or date.max) for begin, end in zip(first, after, strict=True)),
        )
        for _, works_from, works_to, first, after in rows
    )
    return TeamHours(ZoneInfo(rows[0][0]), nurses)
