"""What waits in an outbox and what it gave up: heartbeat, status command, /metrics and the centre say the same."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.local.broker import LocalBroker
from cloud.readings.status import take_status
from edge.outbox import Outbox
from edge.outbox_bound import OutboxBound
from protocols.reading import Metric, Unit
from protocols.telemetry.messages import encode
from protocols.telemetry.topics import STATUS, topic
from protocols.telemetry.worth import Worth
from tests.integration.edge_centre import PATIENCE_S, FakeCentre
from tests.integration.test_edge_uplink import create_readings
from tests.integration.test_ingest_store import populate

pytestmark = pytest.mark.integration

WAITING = 300


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    """A centre that hears and gives no receipt: everything goes on waiting."""
    centre = FakeCentre(broker.port, "gw-1")
    centre.answers = False
    yield centre
    centre.close()


@pytest.fixture
def config(tmp_path: Path, broker: LocalBroker) -> Path:
    """Of a gateway without devices, whose outbox holds readings and has given up two values of a sensor."""
    (tmp_path / "data").mkdir()
    outbox = Outbox(tmp_path / "data" / "outbox.db", OutboxBound(keep_days=30))
    heard = [
        msgspec.structs.replace(reading, metric=Metric.HUMIDITY, unit=Unit.PERCENT, device_time=None)
        for reading in create_readings(0, 2)
    ]
    outbox.put(heard)
    outbox.put(create_readings(31 * 86_400, WAITING))
    outbox.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = tmp_path / "edge.toml"
    path.write_text(
        f'gateway = "gw-1"\ndata = "data"\n[broker]\nurl = "{broker.url}"\n'
        f"[uplink]\nstatus_s = 1\n[health]\nport = {port}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def gateway(config: Path) -> Iterator[int]:
    """Its process; yields the health port."""
    process = subprocess.Popen([sys.executable, "-m", "edge", "run", "--config", str(config)])
    yield int(config.read_text(encoding="utf-8").rsplit("port = ", 1)[1])
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def ask_status(config: Path, *options: str) -> str:
    command = [sys.executable, "-m", "edge", "status", "--config", str(config), *options]
    return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S, text=True).stdout


def test_all_say_the_same(config: Path, gateway: int, centre: FakeCentre, database: str) -> None:
    said = centre.until_status(lambda status: status.online)
    oldest = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=31)
    assert (said.backlog_rows, said.oldest_backlog_at, said.readings_taken) == (WAITING, oldest, WAITING + 2)
    assert said.backlog_bytes > 100 * WAITING
    (given_up,) = said.given_up
    assert (given_up.worth, given_up.readings) == (Worth.ENVIRONMENT, 2)

    asked: dict[str, Any] = json.loads(ask_status(config, "--json"))
    assert asked["backlog"]["rows"] == said.backlog_rows
    assert asked["backlog"]["bytes"] == said.backlog_bytes
    assert datetime.fromisoformat(asked["backlog"]["oldest_at"]) == oldest
    assert [(entry["worth"], entry["readings"]) for entry in asked["given_up"]] == [("environment", 2)]
    table = " ".join(ask_status(config).split())
    assert f"{WAITING} readings, {said.backlog_bytes} bytes, oldest" in table
    assert "2 environment readings" in table

    with urllib.request.urlopen(f"http://127.0.0.1:{gateway}/metrics", timeout=PATIENCE_S) as answer:
        metrics = answer.read().decode()
    assert f"doorstep_outbox_rows {WAITING}.0" in metrics
    assert f"doorstep_outbox_bytes {said.backlog_bytes}.0" in metrics
    assert 'doorstep_outbox_given_up{worth="environment"} 2.0' in metrics
    assert 'doorstep_outbox_given_up{worth="measurement"} 0.0' in metrics

    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        take_status(connection, topic("gw-1", STATUS), encode(said))
        row = connection.execute(
            "SELECT (status ->> 'backlog_rows')::int, (status ->> 'backlog_bytes')::int, "
            "(status ->> 'oldest_backlog_at')::timestamptz, status -> 'given_up' FROM gateway"
        ).fetchone()
    assert row is not None
    assert row[:3] == (WAITING, said.backlog_bytes, oldest)
    assert [(entry["worth"], entry["readings"]) for entry in row[3]] == [("environment", 2)]
