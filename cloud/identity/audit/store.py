"""The audit's lines: added and read."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection, Connection
from cloud.identity.audit.model import Line, Look, What

_ELDERS = {
    "elder": "SELECT %(id)s::integer",
    "visit": "SELECT elder_id FROM visit WHERE visit_id = %(id)s::bigint",
    "alarm": "SELECT elder_id FROM alarm WHERE alarm_id = %(id)s::uuid",
    "alert": "SELECT elder_id FROM alert WHERE alert_id = %(id)s::bigint",
    "measurement": "SELECT unnest(ARRAY[from_elder_id, to_elder_id]) FROM ruling WHERE ruling_id = "
    "(SELECT max(ruling_id) FROM ruling WHERE device_id || '-' || record_key = %(id)s)",
    "letter": "SELECT NULL::integer",
}
"""Of whom a subject is, by its kind."""


async def note(
    conn: AsyncConnection,
    *,
    staff_id: int,
    api_token_id: int | None,
    what: What,
    kind: str,
    key: str,
    at: datetime,
    once_within: timedelta,
) -> None:
    """Adds a line for each elder whose `kind` and `key` it is; none where the same stands from within `once_within`."""
    await conn.execute(
        f"""
        INSERT INTO audit (at, staff_id, api_token_id, elder_id, what, subject)
        SELECT %(at)s, %(staff)s, %(token)s, found.elder_id, %(what)s, %(subject)s
        FROM (SELECT DISTINCT elder_id FROM ({_ELDERS[kind]}) AS of (elder_id)) AS found
        WHERE (elder_id IS NOT NULL OR %(kind)s IN ('letter', 'alarm')) AND NOT EXISTS (
            SELECT FROM audit WHERE elder_id IS NOT DISTINCT FROM found.elder_id AND staff_id = %(staff)s
            AND what = %(what)s AND subject = %(subject)s AND at > %(since)s AND at <= %(at)s
            AND api_token_id IS NOT DISTINCT FROM %(token)s)
        """.encode(),  # noqa: S608 - of our own constants
        {
            "at": at,
            "staff": staff_id,
            "token": api_token_id,
            "what": what.value,
            "subject": f"{kind}:{key}",
            "kind": kind,
            "id": key,
            "since": at - once_within,
        },
    )


async def looks(conn: AsyncConnection, elder_id: int, since: datetime, at_most: int) -> list[Look]:
    """Who saw or changed something of this elder, the newest first."""
    async with conn.cursor(row_factory=class_row(Look)) as cursor:
        await cursor.execute(
            """
            SELECT at, coalesce(staff.name, '') AS name, role, what, api_token_id IS NOT NULL AS by_program
            FROM audit LEFT JOIN staff USING (staff_id)
            WHERE elder_id = %s AND at >= %s ORDER BY at DESC, audit_id DESC LIMIT %s
            """,
            (elder_id, since, at_most),
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
