"""All SQL of the requests to measure again. Each function works in the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import Connection
from cloud.detection.coach.asking import Ask

AGAIN_AFTER = timedelta(seconds=60)
"""A home of which nothing was heard for so long is told once more: the same request is said once."""


@dataclass(frozen=True)
class ToTell:
    ask_id: int
    gateway: str
    metric: str
    why: str
    until: datetime


def keep(connection: Connection, elder_id: int, asks: Iterable[Ask]) -> int:
    """Writes requests and their answers down; gives how many were new. Done twice it is done once."""
    new = 0
    for ask in asks:
        new += connection.execute(
            "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until, answered_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (elder_id, metric, measured_at) DO NOTHING",
            (elder_id, ask.metric, ask.why, ask.measured_at, ask.asked_at, ask.until, ask.answered_at),
        ).rowcount
        connection.execute(
            "UPDATE measure_again SET answered_at = %s "
            "WHERE elder_id = %s AND metric = %s AND measured_at = %s AND answered_at IS NULL "
            "AND %s::timestamptz IS NOT NULL",
            (ask.answered_at, elder_id, ask.metric, ask.measured_at, ask.answered_at),
        )
    return new


def claim_to_tell(connection: Connection, now: datetime) -> list[ToTell]:
    """Requests that stand and of which their homes have not said what became; they count as told from now on.

    Where a home has several gateways, the one on line that was heard last is told.
    """
    rows = connection.execute(
        """
        UPDATE measure_again m SET told_at = %(now)s, told_to = g.gateway_id
        FROM elder e CROSS JOIN LATERAL (
            SELECT gateway_id FROM gateway WHERE gateway.home_id = e.home_id AND online
            ORDER BY heard_at DESC NULLS LAST, gateway_id LIMIT 1) g
        WHERE e.elder_id = m.elder_id AND m.answered_at IS NULL AND m.became IS NULL
          AND m.asked_at <= %(now)s AND m.until > %(now)s AND (m.told_at IS NULL OR m.told_at < %(before)s)
        RETURNING m.ask_id, g.gateway_id, m.metric, m.why, m.until
        """,
        {"now": now, "before": now - AGAIN_AFTER},
    ).fetchall()
    return sorted((ToTell(*row) for row in rows), key=lambda one: one.ask_id)


def take_answers(connection: Connection, now: datetime) -> dict[str, int]:
    """What became of requests, by the heartbeats of the gateways that were told them; how many, by what it was."""
    rows = connection.execute(
        """
        UPDATE measure_again m SET became = a.became, became_at = a.at
        FROM gateway g CROSS JOIN LATERAL jsonb_to_recordset(g.status -> 'asked')
             AS a(ask bigint, became text, at timestamptz)
        WHERE g.gateway_id = m.told_to AND a.ask = m.ask_id AND m.became IS NULL AND m.until > %s
        RETURNING m.became
        """,
        (now - timedelta(days=1),),
    ).fetchall()
    found: dict[str, int] = {}
    for (became,) in rows:
        found[became] = found.get(became, 0) + 1
    return found
