"""From a reading's commit to its alert, of the real worker on a database of its own, under load.

Meanwhile other readings come in, sensors of all homes tell, and every elder has a round.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

from cloud.config import CloudConfig, Database, Detection
from cloud.db.migrate import migrate
from cloud.detection.limits import Limits
from cloud.detection.worker import work
from cloud.local.postgres import EmbeddedPostgres
from tests.integration.stage import running

ELDERS, A_SECOND, ALERTS_OF = 300, 5, 2
"""So many elders measure, so many a second, and one in `ALERTS_OF` has a sugar under 54 mg/dL."""
EVENTS_A_SECOND = 15
"""What sensors tell in all homes together."""
_LOW, _USUAL = 48.0, 126.0
_DAYS = 30
_PATIENCE_S = 2.0 * ELDERS / A_SECOND
_REGISTER = (
    "INSERT INTO region (code, name, level) VALUES ('1', 'R', 'community')",
    "INSERT INTO home (code, region_id, address) SELECT 'h' || n, 1, '' FROM generate_series(1, %(n)s::integer) n",
    "INSERT INTO elder (code, home_id, name) SELECT 'e' || home_id, home_id, '-' FROM home ORDER BY home_id",
    "INSERT INTO gateway (gateway_id, home_id) SELECT 'g' || home_id, home_id FROM home",
    "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, 'm', 'x' FROM gateway ORDER BY home_id",
    "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, 'b', 'shower_sensor' FROM gateway ORDER BY home_id",
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
    "gateway_id, epoch, outbox_number) SELECT device_id, metric, day, at, value + day %% 5, elder_id, at, at, "
    "gateway_id, 1, day FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id), "
    "generate_series(1, %(days)s::integer) day, (VALUES ('glucose', 126.0), ('systolic', 128.0), ('pulse', 66.0)) "
    "AS usual (metric, value), LATERAL (SELECT %(now)s::timestamptz - day * INTERVAL '1 day' AS at) t "
    "WHERE device.name = 'm'",
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
    "gateway_id, epoch, outbox_number) SELECT device_id, metric, n, at, value, elder_id, at, at, gateway_id, 1, n "
    "FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id), "
    "(VALUES ('humidity', 55.0, 10), ('motion', 1.0, 60)) AS told (metric, value, minutes), "
    "generate_series(1, %(days)s::integer * 1440 / minutes) n, "
    "LATERAL (SELECT %(now)s::timestamptz - n * minutes * INTERVAL '1 minute' AS at) t WHERE device.name = 'b'",
    "ANALYZE",
)
_READING = (
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
    "gateway_id, epoch, outbox_number) SELECT device_id, 'glucose', 1000, %(at)s, %(value)s, elder_id, %(at)s, %(at)s, "
    "gateway_id, 1, 1000 FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id) "
    "WHERE elder_id = %(elder)s AND device.name = 'm'"
)
_TOLD = (
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
    "gateway_id, epoch, outbox_number) SELECT device_id, 'humidity', 1001, %(at)s, 56, elder_id, %(at)s, %(at)s, "
    "gateway_id, 1, 1001 FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id) "
    "WHERE elder_id = %(elder)s AND device.name = 'b'"
)
_DUE = (
    "INSERT INTO detection_due (elder_id, since, events_only) VALUES (%(elder)s, %(at)s, %(events_only)s) "
    "ON CONFLICT (elder_id) DO UPDATE SET events_only = detection_due.events_only AND EXCLUDED.events_only"
)
_NEWS = "SELECT pg_notify('doorstep_reading', %(elder)s::text)"


def measure(limits: Limits) -> dict[str, float | int]:
    """Seconds at the median and the 99th percentile, how many alerts were waited for, and how many came."""
    with tempfile.TemporaryDirectory(prefix="doorstep-detect-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the server runs as another user
        with EmbeddedPostgres(folder / "postgres") as postgres, _database(postgres.dsn) as dsn:
            config = CloudConfig(data=name, database=Database(dsn=dsn), detection=Detection(port=0, poll_s=5.0))
            committed, heard, rounds = _run(config, dsn, limits)
    took = [heard[elder] - at for elder, at in committed.items() if elder in heard]
    return {
        "readings_a_second": A_SECOND,
        "events_a_second": EVENTS_A_SECOND,
        "rounds": rounds,
        "alerts": len(committed),
        "told": len(took),
        "median_s": round(float(np.median(took)), 3),
        "p99_s": round(float(np.percentile(took, 99)), 3),
    }


def _run(config: CloudConfig, dsn: str, limits: Limits) -> tuple[dict[int, float], dict[int, float], int]:
    """When each low value was committed, and when its alert was heard, by elder; and how many rounds were gone."""
    with (
        running(lambda process: work(process, limits), config, "detect") as process,
        psycopg.connect(dsn, autocommit=True) as listening,
    ):
        listening.execute("LISTEN doorstep_alert")
        process.wait_until("database")
        committed: dict[int, float] = {}
        over = threading.Event()
        writer = threading.Thread(target=_write, args=(dsn, committed), daemon=True)
        sensors = threading.Thread(target=_tell, args=(dsn, over), daemon=True)
        sensors.start()
        writer.start()
        heard: dict[int, float] = {}
        alerts: dict[int, float] = {}
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and (writer.is_alive() or len(alerts) < len(committed)):
            for notice in listening.notifies(timeout=0.5):
                alerts.setdefault(int(notice.payload), time.monotonic())
        over.set()
        sensors.join(_PATIENCE_S)
        row = listening.execute("SELECT count(*) FROM detection_timer WHERE round_at > now()").fetchone()
        for alert_id, elder_id in listening.execute("SELECT alert_id, elder_id FROM alert").fetchall():
            if alert_id in alerts:
                heard[elder_id] = alerts[alert_id]
    return committed, heard, 0 if row is None else int(row[0])


def _tell(dsn: str, over: threading.Event) -> None:
    """The air of one bathroom after the other."""
    with psycopg.connect(dsn) as connection:
        elder = 0
        while not over.wait(1 / EVENTS_A_SECOND):
            elder = elder % ELDERS + 1
            told = {"elder": elder, "at": datetime.now(UTC), "events_only": True}
            for statement in (_TOLD, _DUE, _NEWS):
                connection.execute(statement.encode(), told)
            connection.commit()


def _write(dsn: str, committed: dict[int, float]) -> None:
    with psycopg.connect(dsn) as connection:
        begin = time.monotonic()
        for elder in range(1, ELDERS + 1):
            time.sleep(max(begin + elder / A_SECOND - time.monotonic(), 0.0))
            low, at = elder % ALERTS_OF == 0, datetime.now(UTC) - timedelta(seconds=1)
            news = {"at": at, "value": _LOW if low else _USUAL, "elder": elder, "events_only": False}
            for statement in (_READING, _DUE, _NEWS):
                connection.execute(statement.encode(), news)
            connection.commit()
            if low:
                committed[elder] = time.monotonic()


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"doorstep_detect_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    dsn = make_conninfo(server, dbname=name)
    migrate(dsn)
    with psycopg.connect(dsn) as connection:
        for statement in _REGISTER:
            connection.execute(statement.encode(), {"n": ELDERS, "days": _DAYS, "now": datetime.now(UTC)})
    yield dsn
