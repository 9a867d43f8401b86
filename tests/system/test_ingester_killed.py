"""The ingester is killed in mid-batch, again and again; nothing is lost and nothing doubled."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import psycopg
import pytest

from edge.outbox import Outbox, outbox_figures
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from tests.system.conftest import BIN, Centre, wait_until

READINGS = 20_000
KILLS = 4
SENSOR = "ble:C0:FF:EE:00:01:03"

pytestmark = pytest.mark.system


def create_readings(count: int) -> Iterator[Reading]:
    """Humidity heard once a second."""
    start = datetime.now(UTC) - timedelta(seconds=count)
    for place in range(count):
        at = start + timedelta(seconds=place)
        yield Reading(
            device=SENSOR,
            metric=Metric.HUMIDITY,
            value=50.0 + place % 40,
            unit=CANONICAL_UNIT[Metric.HUMIDITY],
            measured_at=at,
            received_at=at,
        )


@pytest.fixture
def gateway(folder: Path, centre: Centre) -> Iterator[Path]:
    """A gateway with a full outbox; yields the path of that outbox."""
    data = folder / "gateway"
    data.mkdir()
    outbox = Outbox(data / "outbox.db")
    assert outbox.put(create_readings(READINGS)) == READINGS
    outbox.close()
    config = folder / "edge.toml"
    config.write_text('gateway = "gw-home-1"\ndata = "gateway"\n[uplink]\nresend_s = 1.0\n')
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / "doorstep-edge", "run", "--config", config],
            env={**os.environ, "DOORSTEP_BROKER": centre.run["broker"]},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    yield data / "outbox.db"
    process.terminate()
    assert process.wait(30) == 0, (folder / "gateway.log").read_text()


def test_killed_in_mid_batch_loses_and_doubles_nothing(centre: Centre, gateway: Path) -> None:
    random = Random(20261122)
    with psycopg.connect(centre.run["dsn"], autocommit=True) as conn:

        def stored() -> int:
            row = conn.execute("SELECT count(*) FROM reading").fetchone()
            assert row is not None
            return int(row[0])

        def reached(count: int) -> bool:
            return stored() >= count

        for kill in range(KILLS):
            at_least = min(stored() + random.randrange(500, 3_000), READINGS * (kill + 1) // (KILLS + 1))
            wait_until("some more readings", partial(reached, at_least), 60)
            killed = centre.kill("ingest")
            wait_until("another ingester", partial(centre.revived, "ingest", killed), 60)
        wait_until("an empty outbox", lambda: outbox_figures(gateway).backlog.rows == 0, 120)
        rows, places, instants = conn.execute(
            "SELECT count(*), count(DISTINCT outbox_number), count(DISTINCT measured_at) FROM reading"
        ).fetchone() or (0, 0, 0)
    assert (rows, places, instants) == (READINGS, READINGS, READINGS)
