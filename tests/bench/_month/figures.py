"""What a month came to, read from the tables that people and stages wrote."""

from datetime import datetime
from typing import Any

import psycopg

_TASKS = """
    SELECT count(*) AS tasks,
           count(*) FILTER (WHERE state IN ('closed', 'cancelled')) AS ended,
           count(*) FILTER (WHERE state = 'closed') AS closed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE ends <> 1 AND state IN ('closed', 'cancelled')) AS ended_more_than_once
    FROM visit v, LATERAL (SELECT count(*) AS ends FROM visit_event e
                           WHERE e.visit_id = v.visit_id AND e.state IN ('closed', 'cancelled')) e
    WHERE promised_by <= %(until)s
"""
_OPEN = "SELECT kind, state, count(*) FROM visit WHERE promised_by <= %(until)s AND state NOT IN ('closed', 'cancelled') GROUP BY 1, 2 ORDER BY 1, 2"  # noqa: E501 - a line of SQL
_DOORS = """
    SELECT v.visit_id, v.kind, v.priority, v.asked_at, v.promised_by,
           coalesce(v.promised_first, v.promised_by) AS promised_first,
           min(e.at) FILTER (WHERE e.state = 'assigned' OR e.state = 'accepted') AS assigned,
           min(e.at) FILTER (WHERE e.state = 'travelling') AS started,
           min(e.at) FILTER (WHERE e.state IN ('at_the_door', 'no_answer')) AS came
    FROM visit v JOIN visit_event e USING (visit_id) WHERE v.promised_by <= %(until)s GROUP BY v.visit_id
"""
_SECONDS = "extract(epoch FROM {})::float8"
_ASSIGNED = f"""
    WITH doors AS ({_DOORS})
    SELECT count(*), count(assigned), {_SECONDS.format("percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned - asked_at)")},
           {_SECONDS.format("percentile_cont(0.95) WITHIN GROUP (ORDER BY assigned - asked_at)")},
           {_SECONDS.format("max(assigned - asked_at)")}
    FROM doors WHERE kind = 'alert'
"""  # noqa: E501 - a line of SQL
_KEPT = f"""
    WITH doors AS ({_DOORS})
    SELECT priority, count(*) FILTER (WHERE came IS NOT NULL), count(*) FILTER (WHERE came <= promised_first),
           count(*) FILTER (WHERE came <= promised_by) FROM doors GROUP BY priority ORDER BY priority
"""
_URGENT = f"""
    WITH doors AS ({_DOORS})
    SELECT count(*), count(*) FILTER (WHERE started - asked_at <= INTERVAL '30 minutes'),
           count(*) FILTER (WHERE came - asked_at <= INTERVAL '30 minutes'),
           {_SECONDS.format("percentile_cont(0.95) WITHIN GROUP (ORDER BY started - asked_at)")} / 60,
           {_SECONDS.format("percentile_cont(0.95) WITHIN GROUP (ORDER BY came - asked_at)")} / 60,
           {_SECONDS.format("max(came - asked_at)")} / 60
    FROM doors WHERE priority = 'now'
"""
_MARKS = "SELECT count(*), avg(face)::float8 FROM assessment"


def read_figures(dsn: str, until: datetime) -> dict[str, Any]:
    """Of all tasks that were promised until then."""
    values = {"until": until}
    with psycopg.connect(dsn) as conn:

        def one(query: str) -> tuple[Any, ...]:
            row = conn.execute(query.encode(), values).fetchone()
            assert row is not None
            return row

        tasks = dict(zip(("all", "ended", "closed", "cancelled", "ended_more_than_once"), one(_TASKS), strict=True))
        tasks["left_open"] = [f"{n} {kind} {state}" for kind, state, n in conn.execute(_OPEN.encode(), values)]
        kinds = conn.execute(b"SELECT kind, count(*) FROM visit WHERE promised_by <= %(until)s GROUP BY 1", values)
        assigned, urgent, marks = one(_ASSIGNED), one(_URGENT), one(_MARKS)
        kept = {
            priority: {"came": came, "by_first_promise": first, "by_last_promise": last}
            for priority, came, first, last in conn.execute(_KEPT.encode(), values)
        }
        return {
            "tasks": tasks | {"by_kind": dict(kinds.fetchall())},
            "alert_to_assigned_s": _named("alerts assigned median p95 worst", assigned),
            "urgent": _named(
                "visits started_within_30_min at_the_door_within_30_min started_p95_min at_the_door_p95_min "
                "at_the_door_worst_min",
                urgent,
            ),
            "promises": kept,
            "assessments": {"n": marks[0], "mean_face": None if marks[1] is None else round(marks[1], 2)},
        }


def _named(names: str, values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: round(value, 2) if isinstance(value, float) else value
        for name, value in zip(names.split(), values, strict=True)
    }
