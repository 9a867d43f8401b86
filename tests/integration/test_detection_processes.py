"""Several `doorstep-cloud detect` processes share the elders: each is looked at, none twice, whoever is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.db.pool import Connection
from tests.cloud.detection.conftest import LIMITS
from tests.integration.care import rows_of

pytestmark = pytest.mark.integration

ELDERS = 60
WITHIN_S = 90.0
_LOOKED_AT = (
    "SELECT count(*), count(DISTINCT elder_id), max(looks) FROM "
    "(SELECT elder_id, count(*) AS looks FROM looked_at GROUP BY elder_id) AS of_elder"
)


@pytest.fixture
def elders(database: str) -> list[int]:
    """So many elders, each with one low glucose that is news; a row a look, written by the look's own transaction."""
    connection: Connection
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO region (code, name, level) VALUES ('1', 'R', 'community')")
        connection.execute(
            "INSERT INTO home (code, region_id, address) "
            f"SELECT 'h' || n, region_id, 'A' FROM region, generate_series(1, {ELDERS}) AS n".encode()
        )
        connection.execute("INSERT INTO elder (code, home_id, name) SELECT 'e' || code, home_id, 'X' FROM home")
        connection.execute("CREATE TABLE looked_at (elder_id integer NOT NULL)")
        connection.execute(
            "CREATE FUNCTION note_look() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO looked_at VALUES (OLD.elder_id); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE TRIGGER note_look AFTER DELETE ON detection_due FOR EACH ROW EXECUTE FUNCTION note_look()"
        )
        at = datetime.now(UTC) - timedelta(minutes=5)
        connection.execute(
            "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
            "gateway_id, epoch, outbox_number) "
            "SELECT elder_id, 'glucose', 1, %(at)s, 48, elder_id, %(at)s, %(at)s, 'g', 1, 1 FROM elder",
            {"at": at},
        )
        found = connection.execute("SELECT elder_id FROM elder ORDER BY elder_id").fetchall()
    return [int(elder) for (elder,) in found]


def test_each_elder_is_looked_at_once(database: str, elders: list[int], tmp_path: Path) -> None:
    with ExitStack() as detectors:
        for _ in range(2):
            detectors.enter_context(_detector(database, tmp_path))
        _ask_for_all(database)
        _wait_until_nobody_waits(database)
    assert rows_of(database, _LOOKED_AT) == [(ELDERS, ELDERS, 1)]
    assert rows_of(database, "SELECT count(*), count(DISTINCT elder_id) FROM alert") == [(ELDERS, ELDERS)]


def test_a_killed_detector_leaves_its_elder_to_the_other(database: str, elders: list[int], tmp_path: Path) -> None:
    with ExitStack() as detectors:
        first, _ = (detectors.enter_context(_detector(database, tmp_path)) for _ in range(2))
        _ask_for_all(database)
        _wait_until(database, "SELECT count(*) >= 10 FROM looked_at")
        first.send_signal(signal.SIGKILL)
        _wait_until_nobody_waits(database)
    assert rows_of(database, _LOOKED_AT) == [(ELDERS, ELDERS, 1)]
    assert rows_of(database, "SELECT count(*), count(DISTINCT elder_id) FROM alert") == [(ELDERS, ELDERS)]


def _ask_for_all(database: str) -> None:
    """Once both detectors work."""
    _wait_until(
        database,
        "SELECT count(*) = 2 FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE 'doorstep-detect%' AND query LIKE 'LISTEN%'",
    )
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO detection_due (elder_id, since) SELECT elder_id, now() FROM elder")
        connection.execute("SELECT pg_notify('doorstep_reading', '')")


def _wait_until_nobody_waits(database: str) -> None:
    _wait_until(database, "SELECT NOT EXISTS (SELECT FROM detection_due)")


def _wait_until(database: str, question: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    with psycopg.connect(database, autocommit=True) as connection:
        while not (row := connection.execute(question.encode()).fetchone()) or not row[0]:
            assert time.monotonic() < deadline, f"not within {WITHIN_S:.0f} s: {question}"
            time.sleep(0.05)


@contextmanager
def _detector(database: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "cloud.toml"
    config.write_text(f'data = "{folder}"\n[detection]\nlimits = "{LIMITS}"\npoll_s = 0.5\n', encoding="utf-8")
    program = "import sys; from cloud.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "detect", "--config", str(config)],
        env={**os.environ, "DOORSTEP_DSN": database, "DOORSTEP_BROKER": "mqtt://127.0.0.1:9"},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
