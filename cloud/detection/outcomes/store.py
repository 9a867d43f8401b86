"""All SQL of outcomes. Each function works in the caller's transaction."""

from datetime import datetime

from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.detection.model import Verdict
from cloud.detection.outcomes.moving import BY_OUTCOMES, Change, Judged
from protocols.reading import Metric

CONTESTED = 2
"""The elder's mark of the visit, 1 to 5, at or below which its "false alert" moves no figure of theirs."""


def judged(connection: Connection, elder_id: int, since: datetime) -> list[Judged]:
    """What nurses said of the elder's alerts since then, a row for each reason of one."""
    rows = connection.execute(
        "SELECT DISTINCT reason->>'rule', reason->>'metric', verdict, verdict_at, alert_id "
        "FROM alert, jsonb_array_elements(reasons) AS reason "
        "WHERE elder_id = %s AND verdict IS NOT NULL AND verdict_at > %s "
        "AND NOT (verdict = 'false' AND EXISTS (SELECT FROM visit JOIN assessment USING (visit_id) "
        "WHERE visit.alert_id = alert.alert_id AND face <= %s)) ORDER BY verdict_at, alert_id",
        (elder_id, since, CONTESTED),
    )
    known = frozenset(Metric)
    return [
        Judged(rule, Metric(metric), Verdict(verdict), at) for rule, metric, verdict, at, _ in rows if metric in known
    ]


def apply(connection: Connection, elder_id: int, change: Change, now: datetime) -> None:
    """Ends the figure that had moved by itself, and sets the new one where there is one."""
    rule, metric = change.key
    connection.execute(
        "UPDATE limit_override SET ended_at = %s, ended_by = %s, ended_why = %s "
        "WHERE elder_id = %s AND rule = %s AND metric = %s AND author = %s AND ended_at IS NULL",
        (now, BY_OUTCOMES, "other verdicts", elder_id, rule, metric, BY_OUTCOMES),
    )
    if change.moved is None:
        return
    said = change.moved.verdicts
    connection.execute(
        "INSERT INTO limit_override (elder_id, rule, metric, value, author, reason, set_at, verdicts) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            elder_id,
            rule,
            metric,
            change.moved.value,
            BY_OUTCOMES,
            f"{said['false']} alerts called false and {said['right']} right in {said['days']} days",
            now,
            Jsonb(dict(said)),
        ),
    )
