"""All SQL of reports and of what elders said of visits. Each function works in the caller's transaction."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from cloud.db.names import ALERT, NEW_READINGS, NOTIFY
from cloud.db.pool import AsyncConnection
from cloud.visits.model import MeasuredAtDoor, Report
from protocols.reading import Metric


async def report_of(connection: AsyncConnection, visit_id: int) -> tuple[int, Report] | None:
    """Who filed it, and the report."""
    cursor = await connection.execute(
        "SELECT staff_id, findings, actions, note, verdict, next_on, measured, measured_with, measured_at "
        "FROM visit_report WHERE visit_id = %s",
        (visit_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    staff_id, findings, actions, note, verdict, next_on, measured, measured_with, measured_at = row
    values = tuple(MeasuredAtDoor(Metric(one["metric"]), one["value"]) for one in measured)
    return staff_id, Report(tuple(findings), tuple(actions), note, verdict, next_on, values, measured_with, measured_at)


async def add_report(connection: AsyncConnection, visit_id: int, staff_id: int, report: Report, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO visit_report (visit_id, staff_id, findings, actions, note, verdict, next_on, measured, "
        "measured_with, measured_at, filed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            visit_id,
            staff_id,
            list(report.findings),
            list(report.actions),
            report.note,
            report.verdict,
            report.next_on,
            Jsonb([{"metric": one.metric.value, "value": one.value} for one in report.measured]),
            report.measured_with,
            report.measured_at,
            at,
        ),
    )


async def file_measured(connection: AsyncConnection, visit_id: int, arrived_at: datetime) -> int:
    """Makes what the report says was measured readings of the elder, once; gives how many. Detection looks at them."""
    cursor = await connection.execute("SELECT file_measured(%s, %s)", (visit_id, arrived_at))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def close_alert(
    connection: AsyncConnection, alert_id: int, verdict: str | None, staff_id: int, at: datetime
) -> None:
    """Ends the episode with the nurse's word; one that had ended by itself still takes the word."""
    await connection.execute(
        "UPDATE alert SET state = 'closed', closed_at = coalesce(closed_at, %(at)s), verdict = %(verdict)s, "
        "verdict_by = CASE WHEN %(verdict)s::text IS NULL THEN NULL ELSE %(staff)s::integer END, "
        "verdict_at = CASE WHEN %(verdict)s::text IS NULL THEN NULL ELSE %(at)s::timestamptz END "
        "WHERE alert_id = %(alert)s",
        {"at": at, "verdict": verdict, "staff": staff_id, "alert": alert_id},
    )
    await connection.execute(NOTIFY, (ALERT, str(alert_id)))
    if verdict is not None:  # it may move the elder's own figures
        await connection.execute(
            "INSERT INTO detection_due (elder_id, since) SELECT elder_id, %s FROM alert WHERE alert_id = %s "
            "ON CONFLICT (elder_id) DO NOTHING",
            (at, alert_id),
        )
        await connection.execute(NOTIFY, (NEW_READINGS, ""))


async def set_assessment(connection: AsyncConnection, visit_id: int, face: int, word: str, at: datetime) -> bool:
    """False where the same face and word stand already."""
    cursor = await connection.execute(
        "INSERT INTO assessment AS known (visit_id, face, word, assessed_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (visit_id) DO UPDATE SET face = excluded.face, word = excluded.word, "
        "assessed_at = excluded.assessed_at WHERE (known.face, known.word) <> (excluded.face, excluded.word)",
        (visit_id, face, word, at),
    )
    return cursor.rowcount == 1


async def marks_at_most(connection: AsyncConnection, visit_id: int, face: int, now: datetime, within: timedelta) -> int:
    """How many visits of this visit's elder got `face` or less within that time."""
    cursor = await connection.execute(
        "SELECT count(*) FROM assessment a JOIN visit v USING (visit_id) WHERE a.face <= %s AND a.assessed_at > %s "
        "AND v.elder_id = (SELECT elder_id FROM visit WHERE visit_id = %s)",
        (face, now - within, visit_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
