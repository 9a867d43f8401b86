"""All SQL of back-tests. It only reads."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud.db.pool import Connection
from cloud.detection import store as detection
from cloud.detection.backtest.model import History, Lived, Word
from cloud.detection.events.store import KIND_OF_METRIC, events_of
from cloud.detection.model import Cause, Priority, Verdict
from cloud.detection.personal.store import overrides
from cloud.detection.silence.store import plan_of
from protocols.reading import Metric


def elders(connection: Connection, since: datetime, until: datetime, *, consented: bool = False) -> list[int]:
    """Those of whom something was measured in that time; with `consented`, who agreed to research."""
    rows = connection.execute(
        "SELECT elder_id FROM elder WHERE EXISTS (SELECT FROM reading WHERE reading.elder_id = elder.elder_id "
        "AND measured_at >= %(since)s AND measured_at < %(until)s) AND (NOT %(consented)s OR EXISTS (SELECT FROM "
        "consent WHERE consent.elder_id = elder.elder_id AND purpose = 'research' AND withdrawn_at IS NULL)) "
        "ORDER BY elder_id",
        {"since": since, "until": until, "consented": consented},
    )
    return [int(elder_id) for (elder_id,) in rows]


def histories(
    connection: Connection, elder_ids: Sequence[int], metrics: Collection[Metric], since: datetime, until: datetime
) -> list[History]:
    """What was measured since `since` and arrived before `until`, and what people said of alerts in that time."""
    zones = connection.execute(
        "SELECT elder_id, time_zone FROM elder JOIN home USING (home_id) WHERE elder_id = ANY(%s) ORDER BY elder_id",
        (list(elder_ids),),
    ).fetchall()
    return [
        History(
            elder_id,
            zone,
            tuple(
                one for one in detection.observations(connection, elder_id, metrics, since) if one.arrived_at < until
            ),
            _words(connection, elder_id, since, until),
            tuple(overrides(connection, elder_id)),
            events_of(connection, elder_id, dict.fromkeys(KIND_OF_METRIC, since), ZoneInfo(zone), until=until),
            plan_of(connection, elder_id),
        )
        for elder_id, zone in zones
    ]


def lived(connection: Connection, since: datetime, until: datetime, *, consented: bool = False) -> list[Lived]:
    """The alerts that the live detectors raised in that time, as they stood at `until`; `consented` as above."""
    rows = connection.execute(
        "SELECT elder_id, raised_at, cause, reasons, priority, CASE WHEN closed_at < %(until)s THEN closed_at END, "
        "CASE WHEN coalesce(verdict_at, closed_at) < %(until)s THEN verdict END FROM alert "
        "WHERE raised_at >= %(since)s AND raised_at < %(until)s AND cause = ANY(%(causes)s) "
        "AND (NOT %(consented)s OR EXISTS (SELECT FROM consent WHERE consent.elder_id = alert.elder_id "
        "AND purpose = 'research' AND withdrawn_at IS NULL))",
        {"since": since, "until": until, "causes": sorted(Cause), "consented": consented},
    )
    return sorted(
        Lived(
            elder_id=elder_id,
            raised_at=raised_at,
            cause=Cause(cause),
            rules=tuple(sorted({reason["rule"] for reason in reasons})),
            priority=Priority(priority),
            closed_at=closed_at,
            verdict=None if verdict is None else Verdict(verdict),
        )
        for elder_id, raised_at, cause, reasons, priority, closed_at, verdict in rows
    )


def _words(connection: Connection, elder_id: int, since: datetime, until: datetime) -> tuple[Word, ...]:
    """An alert that ended by itself and was never judged has no word."""
    rows = connection.execute(
        "SELECT alert.cause, coalesce(alert.verdict_at, visit_report.filed_at, alert.closed_at) AS at, alert.verdict "
        "FROM alert LEFT JOIN visit USING (alert_id) LEFT JOIN visit_report USING (visit_id) "
        "WHERE alert.elder_id = %s AND alert.state = 'closed' AND alert.cause = ANY(%s) "
        "AND (alert.verdict IS NOT NULL OR visit_report.filed_at IS NOT NULL) "
        "AND coalesce(alert.verdict_at, visit_report.filed_at, alert.closed_at) BETWEEN %s AND %s ORDER BY at",
        (elder_id, sorted(Cause), since, until),
    )
    return tuple(Word(Cause(cause), at, None if verdict is None else Verdict(verdict)) for cause, at, verdict in rows)
