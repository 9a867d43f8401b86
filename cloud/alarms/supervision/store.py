"""All SQL of supervision. Each function works in the caller's transaction; times are the database's own."""

from datetime import datetime
from uuid import UUID

from cloud.alarms.supervision.model import Cause, Member, Opening, Scope, Silence, Watched
from cloud.db.names import NOTIFY, SILENCE, STATUS
from cloud.db.pool import AsyncConnection

_LOCK = 0x0D00_A1A4

_WATCHED = """
SELECT g.gateway_id, h.region_id,
       CASE WHEN r.level = 'street' OR p.level IS DISTINCT FROM 'street' THEN r.region_id ELSE p.region_id END,
       g.noted_at, g.online, (g.status -> 'power' ->> 'mains')::boolean,
       EXISTS (SELECT FROM alarm a WHERE a.gateway_id = g.gateway_id AND a.kind = 'mains_lost' AND a.state <> 'closed')
FROM gateway g JOIN home h USING (home_id) JOIN region r ON r.region_id = h.region_id
LEFT JOIN region p ON p.region_id = r.parent_id
WHERE g.noted_at IS NOT NULL ORDER BY g.gateway_id
"""
_OPEN = """
SELECT silence_id, scope, region_id, s.since, gateway_id, m.cause, m.since, m.left_at
FROM silence s JOIN silent_gateway m USING (silence_id)
WHERE s.closed_at IS NULL ORDER BY s.raised_at, silence_id, gateway_id
"""


async def hold_look(connection: AsyncConnection) -> datetime:
    """One look at a time, until the transaction ends; the database's time."""
    cursor = await connection.execute("SELECT clock_timestamp() FROM pg_advisory_xact_lock(%s)", (_LOCK,))
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - one row by its form
    now: datetime = row[0]
    return now


async def all_watched(connection: AsyncConnection) -> list[Watched]:
    """All gateways that were ever heard."""
    cursor = await connection.execute(_WATCHED)
    return [Watched(*row) for row in await cursor.fetchall()]


async def open_silences(connection: AsyncConnection) -> list[Silence]:
    cursor = await connection.execute(_OPEN)
    heads: dict[UUID, tuple[Scope, int | None, datetime]] = {}
    members: dict[UUID, list[Member]] = {}
    for silence_id, scope, region_id, since, name, cause, *times in await cursor.fetchall():
        heads[silence_id] = (Scope(scope), region_id, since)
        members.setdefault(silence_id, []).append(Member(name, Cause(cause), *times))
    return [Silence(silence_id, *head, tuple(members[silence_id])) for silence_id, head in heads.items()]


async def leave(connection: AsyncConnection, silence_id: UUID, gateway_id: str, at: datetime) -> None:
    """The gateway is heard again, or counts to another event."""
    await connection.execute(
        "UPDATE silent_gateway SET left_at = %s WHERE silence_id = %s AND gateway_id = %s",
        (at, silence_id, gateway_id),
    )
    await _tell(connection, silence_id, gateway_id)


async def close_silence(connection: AsyncConnection, silence_id: UUID, at: datetime) -> None:
    await connection.execute(
        "UPDATE silence SET closed_at = %s WHERE silence_id = %s AND closed_at IS NULL", (at, silence_id)
    )
    await connection.execute(NOTIFY, (SILENCE, str(silence_id)))


async def open_silence(connection: AsyncConnection, silence_id: UUID, opening: Opening, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO silence (silence_id, scope, region_id, cause, since, raised_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (silence_id, opening.scope.value, opening.region_id, opening.cause.value, opening.since, at),
    )
    for gateway in opening.gateways:
        await join(connection, silence_id, gateway)
    await connection.execute(NOTIFY, (SILENCE, str(silence_id)))


async def join(connection: AsyncConnection, silence_id: UUID, watched: Watched) -> None:
    """The gateway belongs to the event from now on; once more, where it was heard in between."""
    await connection.execute(
        "INSERT INTO silent_gateway (silence_id, gateway_id, cause, since) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (silence_id, gateway_id) "
        "DO UPDATE SET cause = excluded.cause, since = excluded.since, left_at = NULL",
        (silence_id, watched.gateway_id, watched.cause.value, watched.noted_at),
    )
    await _tell(connection, silence_id, watched.gateway_id)


async def learn_cause(connection: AsyncConnection, silence_id: UUID, watched: Watched) -> None:
    """A last will came after the silence was seen, or a technical alarm: the cause is known better."""
    await connection.execute(
        "UPDATE silent_gateway SET cause = %s WHERE silence_id = %s AND gateway_id = %s",
        (watched.cause.value, silence_id, watched.gateway_id),
    )
    await connection.execute(
        "UPDATE silence SET cause = coalesce((SELECT cause FROM silent_gateway m WHERE m.silence_id = %(silence)s "
        "GROUP BY cause HAVING count(*) * 2 > (SELECT count(*) FROM silent_gateway n "
        "WHERE n.silence_id = %(silence)s)), 'unknown') WHERE silence_id = %(silence)s",
        {"silence": silence_id},
    )
    await _tell(connection, silence_id, watched.gateway_id)


async def _tell(connection: AsyncConnection, silence_id: UUID, gateway: str) -> None:
    await connection.execute(NOTIFY, (STATUS, gateway))
    await connection.execute(NOTIFY, (SILENCE, str(silence_id)))
