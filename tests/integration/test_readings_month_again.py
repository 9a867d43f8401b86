"""A street's month through ingest, detection and visits as they run, and all of it once more: nothing changes.

Sent again as a broker or a gateway repeats it, and under a new epoch, as a restored card sends it.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cloud.clock import Clock
from cloud.config import Broker, CloudConfig, Database, Detection
from cloud.detection import worker as detection
from cloud.detection.limits import load_limits
from cloud.local.broker import LocalBroker
from cloud.mqtt import Letter, Subscriber
from cloud.readings import worker as ingest
from cloud.visits import worker as visits
from protocols.reading import Metric, Reading, Unit
from protocols.telemetry.messages import ReadingsMessage, Receipt, decode, encode
from protocols.telemetry.topics import READINGS, RECEIPT, topic
from tests.cloud.detection.conftest import LIMITS
from tests.integration.stage import running

pytestmark = pytest.mark.integration

FIRST_DAY = datetime(2026, 3, 1, 22, tzinfo=UTC)
DAYS, HOMES = 30, 6
WITHIN_S = 60.0
UNCHANGED = ("reading", "reading_identity", "alert", "visit", "visit_event", "detection_due", "unsure_alert", "device")
Month = list[list[Reading]]
"""By day."""


class SteppedClock(Clock):
    """Stands until it is set on: days pass when all that they brought is done."""

    def __init__(self) -> None:
        super().__init__()
        self.at = FIRST_DAY

    def now(self) -> datetime:
        return self.at

    def wall_at(self, moment: datetime) -> datetime:
        return datetime.now(UTC) + (moment - self.at)


class Street:
    """All its gateways on one line: what they send, and through which number they have receipts."""

    def __init__(self, url: str) -> None:
        self._through: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.line = Subscriber(url, "street", [topic(name(home), RECEIPT) for home in range(HOMES)], self._hear)

    def _hear(self, letter: Letter) -> None:
        receipt = decode(Receipt, letter.payload)
        key = letter.topic, receipt.epoch
        self._through[key] = max(self._through[key], receipt.through)

    def send(self, home: int, epoch: int, first: int, readings: list[Reading]) -> None:
        message = ReadingsMessage(epoch=epoch, first=first, sent_at=FIRST_DAY, readings=tuple(readings))
        self.line.publish(topic(name(home), READINGS), encode(message))

    def has_receipt(self, home: int, epoch: int, through: int) -> bool:
        return self._through[topic(name(home), RECEIPT), epoch] >= through


def name(home: int) -> str:
    return f"gw-{home}"


def create_month(home: int) -> Month:
    """Pressure and sugar twice a day; on some days twice far too high within ten minutes, or far too low."""
    draw, month, number = random.Random(home), [], 0
    for day in range(DAYS):
        today: list[Reading] = []

        def add(metric: Metric, unit: Unit, value: float, at: datetime, today: list[Reading] = today) -> None:
            nonlocal number
            number += 1
            device = f"ble:{name(home)}:{'sugar' if metric is Metric.GLUCOSE else 'cuff'}"
            today.append(
                Reading(
                    device=device, metric=metric, value=value, unit=unit, measured_at=at, received_at=at,
                    device_time=at.replace(tzinfo=None), sequence=number,
                )
            )  # fmt: skip

        severe = home < 3 and day % 9 == 5 + home
        for hours in (14.0, 2.0):
            at = FIRST_DAY + timedelta(days=day) - timedelta(hours=hours, minutes=draw.randint(0, 40))
            add(Metric.SYSTOLIC, Unit.MM_HG, draw.randint(122, 134), at)
            add(Metric.DIASTOLIC, Unit.MM_HG, draw.randint(70, 78), at)
            add(Metric.GLUCOSE, Unit.MG_DL, 48.0 if severe and home == 2 else draw.randint(96, 118), at)
        if severe:
            for minutes in (30, 18):
                at = FIRST_DAY + timedelta(days=day) - timedelta(minutes=minutes)
                add(Metric.SYSTOLIC, Unit.MM_HG, 188.0, at)
                add(Metric.DIASTOLIC, Unit.MM_HG, 114.0, at)
        month.append(today)
    return month


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A street of homes, in each an elder with a cuff and a glucometer of their own."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO region (code, name, level) VALUES ('1', 'R', 'street')")
        for home in range(HOMES):
            connection.execute(
                "WITH h AS (INSERT INTO home (code, region_id, address) SELECT %(n)s, region_id, '' FROM region "
                "RETURNING home_id), e AS (INSERT INTO elder (code, home_id, name) SELECT %(n)s, home_id, '' FROM h "
                "RETURNING elder_id), g AS (INSERT INTO gateway (gateway_id, home_id) SELECT %(n)s, home_id FROM h "
                "RETURNING gateway_id), d AS (INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, "
                "'ble:' || %(n)s || ':' || k, 'unknown' FROM g, unnest(ARRAY['cuff', 'sugar']) k RETURNING device_id) "
                "INSERT INTO wearer (device_id, elder_id) SELECT device_id, elder_id FROM d, e",
                {"n": name(home)},
            )
        yield connection


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def everything(connection: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: connection.execute(
            sql.SQL("SELECT ROW(t.*)::text FROM {} t ORDER BY 1").format(sql.Identifier(table))
        ).fetchall()
        for table in UNCHANGED
    }


_SETTLED = """
SELECT NOT EXISTS (SELECT FROM detection_due)
   AND NOT EXISTS (
       SELECT FROM alert a LEFT JOIN visit v USING (alert_id)
       WHERE a.state = 'open' AND (visit_id IS NULL OR v.state IN ('proposed', 'assigned') AND (
           v.timer_for IS DISTINCT FROM v.promised_by
           OR array_position(%(ranks)s, a.priority) < array_position(%(ranks)s, v.priority)))
       OR a.state = 'closed' AND a.verdict IS NULL AND v.state IN ('proposed', 'assigned'))
"""


def settled(connection: psycopg.Connection[Any]) -> bool:
    """Detection has looked at everybody with news, and the visits are what the alerts ask for."""
    return connection.execute(_SETTLED, {"ranks": ["now", "today", "this_week"]}).fetchone() == (True,)


def test_a_month_again_changes_no_row_no_alert_and_no_visit(
    database: str, connection: psycopg.Connection[Any], broker: LocalBroker, tmp_path: Path
) -> None:
    clock, months = SteppedClock(), [create_month(home) for home in range(HOMES)]
    config = CloudConfig(
        data=str(tmp_path),
        database=Database(dsn=database),
        broker=Broker(url=broker.url),
        detection=Detection(limits=str(LIMITS)),
    )
    limits = load_limits(LIMITS)
    with ExitStack() as stages:
        stages.enter_context(running(ingest.work, config, "ingest", clock)).wait_until("broker")
        stages.enter_context(running(lambda process: detection.work(process, limits), config, "detect", clock))
        stages.enter_context(running(visits.work, config, "visits", clock))
        street = Street(broker.url)
        stages.enter_context(street.line)
        assert street.line.wait_connected(WITHIN_S)

        def send_day(day: int, epoch: int) -> None:
            for home, month in enumerate(months):
                street.send(home, epoch, 1 + sum(map(len, month[:day])), month[day])

        def arrived(days: int, epoch: int) -> bool:
            return all(
                street.has_receipt(home, epoch, sum(map(len, month[:days]))) for home, month in enumerate(months)
            )

        for day in range(DAYS):
            clock.at = FIRST_DAY + timedelta(days=day)
            send_day(day, 1)
            until(lambda day=day: arrived(day + 1, 1) and settled(connection))  # type: ignore[misc]  # a default
        before = everything(connection)
        assert len(before["reading"]) == sum(len(readings) for month in months for readings in month)
        assert {cause for (cause,) in connection.execute("SELECT cause FROM alert")} >= {
            "blood_pressure",
            "hypoglycaemia",
        }
        assert len(before["visit"]) == len(before["alert"]) >= 3

        for day in range(DAYS):
            send_day(day, 1)
            send_day(day, 2)
        until(lambda: arrived(DAYS, 2))
        assert everything(connection) == before

        # detection looks at everybody's whole month again
        connection.execute("INSERT INTO detection_due (elder_id, since) SELECT elder_id, %s FROM elder", (FIRST_DAY,))
        connection.execute("SELECT pg_notify('doorstep_reading', '')")
        until(lambda: settled(connection))
    assert everything(connection) == before
