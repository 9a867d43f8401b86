"""All SQL of the requests to measure again. Each function works in the caller's transaction."""

from collections.abc import Iterable

from cloud.db.pool import Connection
from cloud.detection.coach.asking import Ask


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
