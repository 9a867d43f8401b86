"""All SQL of escalation. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from cloud.alarms.escalation.model import TEST, About, Group, Occasion, OnePerson, Person, Turn, Way
from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound

_CODES = """
WITH RECURSIVE up AS (
    SELECT region_id, code, parent_id FROM region WHERE region_id = %s
    UNION ALL SELECT r.region_id, r.code, r.parent_id FROM region r JOIN up ON r.region_id = up.parent_id)
SELECT code FROM up
"""
_PEOPLE = """
WITH RECURSIVE up AS (
    SELECT region_id, parent_id FROM region WHERE region_id = %(region)s
    UNION ALL SELECT r.region_id, r.parent_id FROM region r JOIN up ON r.region_id = up.parent_id)
SELECT s.staff_id, s.name, s.phone,
       array(SELECT subscription_id FROM push_subscription p
             WHERE p.staff_id = s.staff_id AND p.gone_at IS NULL ORDER BY 1)
FROM staff s
WHERE CASE WHEN %(login)s::text IS NOT NULL THEN s.login = %(login)s::text
           ELSE (%(role)s::text IS NULL OR s.role = %(role)s::text) AND (s.on_duty OR NOT %(duty)s)
                AND (%(region)s::integer IS NULL OR s.region_id IN (SELECT region_id FROM up)) END
ORDER BY s.staff_id
"""
_ALARM = """
SELECT CASE WHEN a.test THEN %(test)s ELSE a.kind END, h.region_id, h.time_zone, a.heard_at, a.state = 'at_centre',
       CASE WHEN a.state = 'closed' THEN 'closed' WHEN a.state <> 'at_centre' THEN 'taken' END
FROM alarm a LEFT JOIN gateway g USING (gateway_id) JOIN home h ON h.home_id = coalesce(a.home_id, g.home_id)
WHERE a.alarm_id = %(subject)s
"""
_SILENCE = """
SELECT s.scope || '_silent', s.region_id,
       coalesce((SELECT h.time_zone FROM silent_gateway m JOIN gateway g USING (gateway_id) JOIN home h USING (home_id)
                 WHERE m.silence_id = s.silence_id ORDER BY m.gateway_id LIMIT 1), 'UTC'),
       s.raised_at, s.closed_at IS NULL, CASE WHEN s.closed_at IS NOT NULL THEN 'closed' END
FROM silence s WHERE s.silence_id = %(subject)s
"""
_NEW = """
SELECT 'alarm', alarm_id FROM alarm
WHERE state = 'at_centre' AND NOT EXISTS (SELECT FROM escalation WHERE subject_id = alarm_id)
UNION ALL
SELECT 'silence', silence_id FROM silence
WHERE closed_at IS NULL AND NOT EXISTS (SELECT FROM escalation WHERE subject_id = silence_id)
LIMIT %s
"""


async def new_occasions(connection: AsyncConnection, at_most: int) -> list[tuple[About, UUID]]:
    """Open, and nobody was told of them yet."""
    cursor = await connection.execute(_NEW, (at_most,))
    return [(About(about), subject_id) for about, subject_id in await cursor.fetchall()]


async def occasion(connection: AsyncConnection, about: About, subject_id: UUID) -> Occasion:
    """As it stands now. Raises NotFound."""
    query = _ALARM if about is About.ALARM else _SILENCE
    cursor = await connection.execute(query, {"subject": subject_id, "test": TEST})
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no {about} {subject_id}")
    kind, region_id, zone, at, is_open, ended_by = row
    regions = frozenset() if region_id is None else await region_codes(connection, region_id)
    return Occasion(subject_id, about, kind, region_id, regions, zone, at, is_open, ended_by)


async def region_codes(connection: AsyncConnection, region_id: int) -> frozenset[str]:
    """Codes of the region and of all that hold it."""
    cursor = await connection.execute(_CODES, (region_id,))
    return frozenset(row[0] for row in await cursor.fetchall())


async def region_of_code(connection: AsyncConnection, code: str) -> tuple[int, str]:
    """The region's id, and the time zone of a home in it. Raises NotFound."""
    cursor = await connection.execute(
        "SELECT r.region_id, coalesce((SELECT time_zone FROM home h WHERE h.region_id = r.region_id "
        "ORDER BY home_id LIMIT 1), 'Asia/Shanghai') FROM region r WHERE r.code = %s",
        (code,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"there is no region {code}; the community file names them")
    return int(row[0]), str(row[1])


async def begin(connection: AsyncConnection, found: Occasion, rule: str, began_at: datetime) -> bool:
    """False where somebody began it already."""
    cursor = await connection.execute(
        "INSERT INTO escalation (subject_id, about, rule, began_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (found.subject_id, found.about.value, rule, began_at),
    )
    return cursor.rowcount == 1


async def escalation(connection: AsyncConnection, subject_id: UUID) -> tuple[About, str, datetime, bool]:
    """What about, by which rule, since when, and whether it goes on; held until the transaction ends.

    Raises NotFound.
    """
    cursor = await connection.execute(
        "SELECT about, rule, began_at, ended_at IS NULL FROM escalation WHERE subject_id = %s FOR UPDATE",
        (subject_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"nobody is told of {subject_id}")
    return About(row[0]), row[1], row[2], row[3]


async def end_escalation(connection: AsyncConnection, subject_id: UUID, ended_by: str, at: datetime) -> None:
    await connection.execute(
        "UPDATE escalation SET ended_at = %s, ended_by = %s WHERE subject_id = %s AND ended_at IS NULL",
        (at, ended_by, subject_id),
    )


async def end_finished(connection: AsyncConnection, at: datetime) -> int:
    """Ends all whose alarm was taken or closed, or whose homes are heard again; how many."""
    cursor = await connection.execute(
        "UPDATE escalation e SET ended_at = %s, ended_by = CASE WHEN a.state = 'closed' THEN 'closed' ELSE 'taken' END "
        "FROM alarm a WHERE a.alarm_id = e.subject_id AND e.ended_at IS NULL AND a.state <> 'at_centre'",
        (at,),
    )
    ended = cursor.rowcount
    cursor = await connection.execute(
        "UPDATE escalation e SET ended_at = %s, ended_by = 'closed' FROM silence s "
        "WHERE s.silence_id = e.subject_id AND e.ended_at IS NULL AND s.closed_at IS NOT NULL",
        (at,),
    )
    return ended + cursor.rowcount


async def people(connection: AsyncConnection, whom: Group | OnePerson, region_id: int | None) -> list[Person]:
    """Staff that `whom` means for a place, with the browsers that take their pushes. Without a place a group is
    everybody of it."""
    group = whom if isinstance(whom, Group) else None
    cursor = await connection.execute(
        _PEOPLE,
        {
            "region": region_id,
            "login": whom.login if isinstance(whom, OnePerson) else None,
            "role": group.role if group else None,
            "duty": group.on_duty if group else False,
        },
    )
    return [
        Person(staff_id, name, phone, tuple(browsers)) for staff_id, name, phone, browsers in await cursor.fetchall()
    ]


async def add_step(connection: AsyncConnection, turn: Turn, said: str, due_at: datetime, done_at: datetime) -> bool:
    """Writes down that a step is being done; False where it was done before."""
    cursor = await connection.execute(
        "INSERT INTO escalation_step (subject_id, round, step, said, due_at, done_at, told) "
        "VALUES (%s, %s, %s, %s, %s, %s, 0) ON CONFLICT DO NOTHING",
        (*turn, said, due_at, done_at),
    )
    return cursor.rowcount == 1


async def set_told(connection: AsyncConnection, turn: Turn, told: int) -> None:
    await connection.execute(
        "UPDATE escalation_step SET told = %s WHERE subject_id = %s AND round = %s AND step = %s", (told, *turn)
    )


async def add_notice(
    connection: AsyncConnection,
    notice_id: UUID,
    turn: Turn,
    way: Way,
    *,
    staff_id: int | None = None,
    webhook: str = "",
    subscription_id: int | None = None,
    sms_id: int | None = None,
    problem: str = "",
) -> None:
    """With a `problem` it has failed at once; a page is where it should be from now on."""
    await connection.execute(
        "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, webhook, subscription_id, sms_id, "
        "problem, failed_at, sent_at) VALUES (%(notice)s, %(subject)s, %(round)s, %(step)s, %(way)s, %(staff)s, "
        "%(webhook)s, %(subscription)s, %(sms)s, %(problem)s, CASE WHEN %(problem)s::text <> '' THEN now() END, "
        "CASE WHEN %(way)s::text = 'page' THEN now() END)",
        {
            "notice": notice_id,
            "subject": turn.subject_id,
            "round": turn.round,
            "step": turn.step,
            "way": way.value,
            "staff": staff_id,
            "webhook": webhook,
            "subscription": subscription_id,
            "sms": sms_id,
            "problem": problem,
        },
    )


async def has_receipt(connection: AsyncConnection, turn: Turn, staff_id: int) -> bool:
    """Whether a phone of theirs said that it has the push of this step."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM notice WHERE subject_id = %s AND round = %s AND step = %s AND staff_id = %s "
        "AND delivered_at IS NOT NULL)",
        (*turn, staff_id),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def phone_of(connection: AsyncConnection, staff_id: int) -> str:
    cursor = await connection.execute("SELECT phone FROM staff WHERE staff_id = %s", (staff_id,))
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])
