"""The audit's lines: added and read."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.identity.audit.model import NOBODY_OF_STAFF, Actor, Line, Look, What

_ELDERS = {
    "elder": "SELECT %(id)s::integer",
    "visit": "SELECT elder_id FROM visit WHERE visit_id = %(id)s::bigint",
    "demand": "SELECT elder_id FROM demand WHERE demand_id = %(id)s::bigint",
    "alarm": "SELECT elder_id FROM alarm WHERE alarm_id = %(id)s::uuid",
    "alert": "SELECT elder_id FROM alert WHERE alert_id = %(id)s::bigint",
    "measurement": "SELECT unnest(coalesce(nullif(array_remove(ARRAY[from_elder_id, to_elder_id], NULL), '{}'), "
    "'{NULL}')) FROM ruling WHERE ruling_id = "
    "(SELECT max(ruling_id) FROM ruling WHERE device_id || '-' || record_key = %(id)s)",
    "gateway": "SELECT elder_id FROM gateway LEFT JOIN elder USING (home_id) WHERE gateway_id = %(id)s",
    "link": "SELECT %(own)s::integer",
    "letter": "SELECT NULL::integer",
    "deed": "SELECT (SELECT a.elder_id FROM time_line l JOIN time_account a USING (account_id) "
    "WHERE l.entry_id = %(id)s::uuid AND a.elder_id IS NOT NULL LIMIT 1)",
    "dispute": "SELECT (SELECT a.elder_id FROM time_dispute d JOIN time_account a USING (account_id) "
    "WHERE d.dispute_id = %(id)s::bigint)",
    "account": "SELECT NULL::integer",
}
"""Of whom a subject is, by its kind. `link`: of whoever the link belongs to."""
_OF_NOBODY = ["letter", "alarm", "measurement", "gateway", "account", "deed", "dispute"]
"""Kinds that leave a line also where they are of nobody."""


async def note(
    conn: AsyncConnection,
    actor: Actor,
    *,
    what: What,
    kind: str,
    key: str,
    at: datetime,
    once_within: timedelta,
) -> None:
    """Adds a line for each elder whose `kind` and `key` it is; none where the same stands from within `once_within`.

    What one of the family does has them as its subject: who looks at the line is to know who it was.
    """
    subject = f"{kind}:{key}" if actor.relative_id is None else f"relative:{actor.relative_id}"
    await conn.execute(
        f"""
        INSERT INTO audit (at, staff_id, api_token_id, elder_id, what, subject)
        SELECT %(at)s, %(staff)s, %(token)s, found.elder_id, %(what)s, %(subject)s
        FROM (SELECT DISTINCT elder_id FROM ({_ELDERS[kind]}) AS of (elder_id)) AS found
        WHERE (elder_id IS NOT NULL OR %(kind)s = ANY (%(of_nobody)s)) AND NOT EXISTS (
            SELECT FROM audit WHERE elder_id IS NOT DISTINCT FROM found.elder_id AND staff_id = %(staff)s
            AND what = %(what)s AND subject = %(subject)s AND at > %(since)s AND at <= %(at)s
            AND api_token_id IS NOT DISTINCT FROM %(token)s)
        """.encode(),  # noqa: S608 - of our own constants
        {
            "at": at,
            "staff": actor.staff_id,
            "token": actor.api_token_id,
            "what": what.value,
            "subject": subject,
            "kind": kind,
            "of_nobody": _OF_NOBODY,
            "id": key,
            "own": actor.elder_id,
            "since": at - once_within,
        },
    )


async def looks(conn: AsyncConnection, elder_id: int, since: datetime, at_most: int) -> list[Look]:
    """Who saw or changed something of this elder, the newest first."""
    async with conn.cursor(row_factory=class_row(Look)) as cursor:
        await cursor.execute(
            """
            SELECT at, coalesce(staff.name, relative.name, '') AS name, what, api_token_id IS NOT NULL AS by_program,
                   CASE WHEN staff_id <> %(nobody)s THEN role WHEN subject LIKE 'relative:%%' THEN 'family'
                        ELSE 'elder' END AS role
            FROM audit LEFT JOIN staff USING (staff_id)
            LEFT JOIN relative ON staff_id = %(nobody)s AND relative.elder_id = audit.elder_id
                AND subject = 'relative:' || relative_id
            WHERE audit.elder_id = %(elder)s AND at >= %(since)s ORDER BY at DESC, audit_id DESC LIMIT %(most)s
            """,
            {"nobody": NOBODY_OF_STAFF, "elder": elder_id, "since": since, "most": at_most},
        )
        return await cursor.fetchall()


def begins(connection: Connection) -> tuple[int, bytes, datetime] | None:
    """The last line that retention took, its digest, and before when all that went was; None: nothing went."""
    row = connection.execute(
        "SELECT audit_id, digest, until FROM audit_start ORDER BY audit_id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def lines(connection: Connection) -> Iterator[Line]:
    """All of them, the first first, without holding them all at once."""
    with connection.transaction(), connection.cursor("audit", row_factory=class_row(Line)) as cursor:
        cursor.execute(
            "SELECT audit_id, at, staff_id, api_token_id, elder_id, what, subject, previous, digest "
            "FROM audit ORDER BY audit_id"
        )
        yield from cursor
