"""All SQL of an elder's own figures. Each function works in the caller's transaction."""

from datetime import datetime

from cloud.db.names import NEW_READINGS, NOTIFY
from cloud.db.pool import Connection
from cloud.detection.personal.model import Override
from protocols.reading import Metric


def in_force(connection: Connection, elder_id: int) -> list[Override]:
    return [one for one in overrides(connection, elder_id) if one.ended_at is None]


def overrides(connection: Connection, elder_id: int) -> list[Override]:
    """All that were ever set for the elder, oldest first."""
    rows = connection.execute(
        "SELECT rule, metric, value, author, reason, set_at, ended_at, ended_by, ended_why, override_id "
        "FROM limit_override WHERE elder_id = %s ORDER BY override_id",
        (elder_id,),
    )
    return [Override(rule, Metric(metric), *rest) for rule, metric, *rest in rows]


def set_override(connection: Connection, elder_id: int, override: Override) -> None:
    """Ends the one in force for that figure, if any, and has the elder looked at."""
    end_override(
        connection,
        elder_id,
        override.rule,
        override.metric,
        at=override.set_at,
        by=override.author,
        why=f"another figure: {override.reason}",
    )
    connection.execute(
        "INSERT INTO limit_override (elder_id, rule, metric, value, author, reason, set_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            elder_id,
            override.rule,
            override.metric,
            override.value,
            override.author,
            override.reason,
            override.set_at,
        ),
    )


def end_override(
    connection: Connection, elder_id: int, rule: str, metric: Metric, *, at: datetime, by: str, why: str
) -> bool:
    """The file's figure holds again; False where none of the elder's own was in force. The elder is looked at."""
    ended = connection.execute(
        "UPDATE limit_override SET ended_at = %s, ended_by = %s, ended_why = %s "
        "WHERE elder_id = %s AND rule = %s AND metric = %s AND ended_at IS NULL",
        (at, by, why, elder_id, rule, metric),
    ).rowcount
    connection.execute(
        "INSERT INTO detection_due (elder_id, since) VALUES (%s, %s) ON CONFLICT (elder_id) DO NOTHING", (elder_id, at)
    )
    connection.execute(NOTIFY, (NEW_READINGS, str(elder_id)))
    return ended > 0


def elder_of(connection: Connection, code: str) -> int | None:
    row = connection.execute("SELECT elder_id FROM elder WHERE code = %s", (code,)).fetchone()
    return None if row is None else int(row[0])
