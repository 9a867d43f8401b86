"""All SQL of the tree of kinds. Each function works in the caller's transaction."""

from datetime import datetime

from cloud.db.pool import AsyncConnection, Connection
from cloud.registry.demands.demand import Urgency
from cloud.registry.demands.tree.model import TreeKind

_KINDS = (
    "SELECT code, parent, place, chinese, english, travels, urgency, ended_at IS NOT NULL FROM demand_kind "
    "ORDER BY place, code"
)


async def tree(connection: AsyncConnection) -> list[TreeKind]:
    """All kinds, also those that ended."""
    cursor = await connection.execute(_KINDS)
    return [
        TreeKind(code, parent, place, chinese, english, travels, Urgency(urgency), ended)
        for code, parent, place, chinese, english, travels, urgency, ended in await cursor.fetchall()
    ]


def standing(connection: Connection) -> frozenset[str]:
    """Codes of the kinds that did not end."""
    rows = connection.execute("SELECT code FROM demand_kind WHERE ended_at IS NULL").fetchall()
    return frozenset(row[0] for row in rows)


async def hold_tree(connection: AsyncConnection) -> None:
    """One change of the tree at a time: each is judged by all that stands; until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (0x0D00_DE3B,))


async def put_kind(connection: AsyncConnection, kind: TreeKind, at: datetime) -> None:
    """Adds it, or changes the one of its code."""
    await connection.execute(
        "INSERT INTO demand_kind AS known (code, parent, place, chinese, english, travels, urgency, ended_at) "
        "VALUES (%(code)s, %(parent)s, %(place)s, %(chinese)s, %(english)s, %(travels)s, %(urgency)s, %(ended)s) "
        "ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, place = excluded.place, "
        "chinese = excluded.chinese, english = excluded.english, travels = excluded.travels, "
        "urgency = excluded.urgency, ended_at = CASE WHEN excluded.ended_at IS NULL THEN NULL "
        "ELSE coalesce(known.ended_at, excluded.ended_at) END",
        {
            "code": kind.code,
            "parent": kind.parent,
            "place": kind.place,
            "chinese": kind.chinese,
            "english": kind.english,
            "travels": kind.travels,
            "urgency": kind.urgency,
            "ended": at if kind.ended else None,
        },
    )
