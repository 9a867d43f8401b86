"""All SQL of retention. A metric's rows of one week become its figures and are deleted, in one transaction."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta

import psycopg

from cloud.db.pool import Connection
from cloud.readings.chain.store import NOTE_THINNED

_LOCK = 0x0D00_0258  # one process at a time
_TIMEOUT = "SET LOCAL statement_timeout = '1h'"
# The weeks of TimescaleDB's chunks, so that each chunk is changed once.
_WEEKS = """
SELECT DISTINCT metric, date_bin(INTERVAL '7 days', measured_at, TIMESTAMPTZ '1970-01-01Z') AS week
FROM reading JOIN unnest(%(metrics)s::text[], %(untils)s::timestamptz[]) AS old (metric, until) USING (metric)
WHERE measured_at < %(newest)s
  AND measured_at < date_bin(INTERVAL '7 days', until, TIMESTAMPTZ '1970-01-01Z')
ORDER BY week, metric
"""
_KEEP = """
INSERT INTO reading_{name}_kept AS kept (elder_id, metric, bucket, count, mean, low, high)
SELECT elder_id, metric, date_bin(INTERVAL '{width}', measured_at, TIMESTAMPTZ '2000-01-03Z') AS bucket,
       count(*), avg(value), min(value), max(value)
FROM reading WHERE metric = %(metric)s AND measured_at >= %(week)s AND measured_at < %(next)s
GROUP BY elder_id, metric, bucket
ON CONFLICT (elder_id, metric, bucket) DO UPDATE
SET mean = (kept.mean * kept.count + EXCLUDED.mean * EXCLUDED.count) / (kept.count + EXCLUDED.count),
    count = kept.count + EXCLUDED.count, low = LEAST(kept.low, EXCLUDED.low), high = GREATEST(kept.high, EXCLUDED.high)
"""
# What was heard does not come again, so its identity goes too; a meter's memory may be read out again at any time.
_DROP = """
WITH gone AS (
    DELETE FROM reading WHERE metric = %(metric)s AND measured_at >= %(week)s AND measured_at < %(next)s
    RETURNING device_id, record_key, metric),
forgotten AS (
    DELETE FROM reading_identity USING gone
    WHERE reading_identity.device_id = gone.device_id AND reading_identity.record_key = gone.record_key
      AND reading_identity.metric = gone.metric AND gone.record_key >= 1::bigint << 62)
SELECT count(*) FROM gone
"""
_THROUGH = """
INSERT INTO retained (metric, through) VALUES (%(metric)s, %(next)s)
ON CONFLICT (metric) DO UPDATE SET through = GREATEST(retained.through, EXCLUDED.through)
"""


def thin(
    connection: Connection, days: Mapping[str, int], now: datetime
) -> Generator[tuple[str, datetime, int], None, None]:
    """Takes away the rows of each metric of `days` that are older than its days, in whole weeks.

    Gives metric, week and number of rows, after each COMMIT. Gives nothing while another process is at it. Rows that
    come for a week that was thinned join its figures at the next call. `connection` commits by itself. Raises
    DatabaseAway.
    """
    if not days or connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        return
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # what is deleted is what was summed up
    try:
        untils = {metric: now - timedelta(days=count) for metric, count in days.items()}
        with connection.transaction():
            connection.execute(_TIMEOUT)
            weeks = connection.execute(
                _WEEKS,
                {"metrics": list(untils), "untils": list(untils.values()), "newest": max(untils.values())},
            ).fetchall()
        for metric, week in weeks:
            span = {"metric": metric, "week": week, "next": week + timedelta(days=7)}
            with connection.transaction():
                connection.execute(_TIMEOUT)
                connection.execute("SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
                for name, width in (("hourly", "1 hour"), ("daily", "1 day")):
                    connection.execute(_KEEP.format(name=name, width=width).encode(), span)
                connection.execute(NOTE_THINNED, span)
                (rows,) = connection.execute(_DROP, span).fetchone() or (0,)
                connection.execute(_THROUGH, span)
            yield metric, week, rows
    finally:
        connection.isolation_level = None
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
