"""What a meter says against its own value, from the meter over the air or the cable and the broker into a row."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cloud.config import Broker, CloudConfig, Database
from cloud.detection.limits import load_limits
from cloud.detection.worker import look_at_next
from cloud.local.broker import LocalBroker
from cloud.readings.worker import work
from protocols.reading import Flag, Metric
from tests.cloud.detection.conftest import LIMITS
from tests.integration.stage import running
from tests.integration.test_edge_home import CUFF, GLUCOMETER, SERIAL, Home
from tests.integration.test_ingest_store import populate
from tests.integration.test_ingest_worker import until

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[tuple[Any, ...]]
DOUBTS = (Flag.BODY_MOVED, Flag.CUFF_LOOSE, Flag.IRREGULAR_PULSE, Flag.PULSE_ABOVE_RANGE, Flag.BAD_POSITION)
HIGH, LOW = 600, 20
"""Where both meters stop counting, mg/dL."""


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """The gateway's home, and one elder who wears its meters."""
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-test', home_id FROM home")
        for device in (f"ble:{CUFF}", f"ble:{GLUCOMETER}", SERIAL):
            connection.execute(
                "WITH made AS (INSERT INTO device (gateway_id, name, kind) VALUES ('gw-test', %s, 'x') "
                "RETURNING device_id) INSERT INTO wearer (device_id, elder_id) "
                "SELECT device_id, elder_id FROM made, elder WHERE elder.code = 'elder-1'",
                (device,),
            )
        yield connection


@pytest.fixture
def home(tmp_path: Path, broker: LocalBroker) -> Iterator[Home]:
    home = Home(tmp_path, broker)
    yield home
    home.stop()


def flags_of(connection: Connection, device: str, metric: Metric, *values: float) -> list[tuple[float, set[str]]]:
    rows = connection.execute(
        "SELECT round(value), flags FROM reading JOIN device USING (device_id) "
        "WHERE name = %s AND metric = %s AND round(value) = ANY(%s) ORDER BY measured_at, record_key",
        (device, metric, list(values)),
    )
    return [(value, set(flags)) for value, flags in rows]


def test_doubts_and_bounds_travel_from_the_meter_to_the_row(
    database: str, connection: Connection, broker: LocalBroker, home: Home
) -> None:
    config = CloudConfig(database=Database(dsn=database), broker=Broker(url=broker.url))
    with running(work, config, "ingest") as ingest:
        ingest.wait_until("broker")
        home.start_gateway()
        home.control.measure_pressure(systolic=231, diastolic=121, pulse=177, flags=DOUBTS)
        home.control.measure_glucose(mg_dl=650)
        home.control.measure_glucose(mg_dl=12)
        home.control.measure_glucose(mg_dl=640, device="serial")

        def all_there() -> bool:
            return bool(
                flags_of(connection, f"ble:{CUFF}", Metric.PULSE, 177)
                and len(flags_of(connection, f"ble:{GLUCOMETER}", Metric.GLUCOSE, HIGH, LOW)) == 2
                and flags_of(connection, SERIAL, Metric.GLUCOSE, HIGH)
            )

        until(all_there)

    for metric, value in ((Metric.SYSTOLIC, 231), (Metric.DIASTOLIC, 121), (Metric.PULSE, 177)):
        ((_, flags),) = flags_of(connection, f"ble:{CUFF}", metric, value)
        assert flags == set(DOUBTS), metric
    assert flags_of(connection, f"ble:{GLUCOMETER}", Metric.GLUCOSE, HIGH, LOW) == [
        (HIGH, {Flag.ABOVE_RANGE}),
        (LOW, {Flag.BELOW_RANGE}),
    ]
    assert flags_of(connection, SERIAL, Metric.GLUCOSE, HIGH) == [(HIGH, {Flag.ABOVE_RANGE})]

    with psycopg.connect(database) as looking:
        while look_at_next(looking, load_limits(LIMITS), datetime.now(UTC)):
            pass
    bounds = connection.execute(
        "SELECT DISTINCT reason ->> 'bound' FROM alert, jsonb_array_elements(reasons) AS reason "
        "WHERE cause IN ('hyperglycaemia', 'hypoglycaemia')"
    ).fetchall()
    assert {bound for (bound,) in bounds} >= {"lower", "upper"}  # "at least 600", not "600"
