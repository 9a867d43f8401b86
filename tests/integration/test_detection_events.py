"""What a home's sensors tell, judged live as in a back-test over the same rows; and a stay that nothing announces."""

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import psycopg
import pytest

from cloud.config import CloudConfig, Database, Detection
from cloud.db.pool import Connection
from cloud.detection.backtest import store
from cloud.detection.backtest.replay import history_since, replay
from cloud.detection.judging import metrics_looked_at
from cloud.detection.limits import Limits, load_limits
from cloud.detection.store import next_timer, wake
from cloud.detection.worker import look_at_next, look_at_next_round, work
from firmware_sim.lives.bathroom import bathroom_air
from protocols.reading import Metric
from tests.cloud.detection.conftest import LIMITS
from tests.integration.care import rows_of
from tests.integration.stage import running

pytestmark = pytest.mark.integration

BEGIN = datetime(2026, 9, 30, 16, tzinfo=UTC)
"""Midnight of day 0 on the home's clock."""
DAYS = 24
END = BEGIN + timedelta(days=DAYS)
ARRIVES = timedelta(seconds=2)
ROOMS = {
    "air": ("shower_sensor", "浴室传感器"),
    "there": ("motion_sensor", "浴室人体传感器"),
    "kitchen": ("motion_sensor", "Kitchen motion"),
    "hall": ("motion_sensor", "Hall"),
    "cuff": ("sphygmomanometer", ""),
}


@dataclass(frozen=True)
class Row:
    device: str
    metric: Metric
    at: datetime
    value: float
    late: timedelta = ARRIVES

    @property
    def stored_at(self) -> datetime:
        return self.at + self.late


@pytest.fixture(scope="module")
def limits() -> Limits:
    return load_limits(LIMITS)


@pytest.fixture
def elder(database: str) -> int:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO region (code, name, level) VALUES ('1', 'R', 'community')")
        connection.execute("INSERT INTO home (code, region_id, address) SELECT 'h', region_id, 'A' FROM region")
        connection.execute("INSERT INTO elder (code, home_id, name) SELECT 'e', home_id, 'X' FROM home")
        connection.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'g', home_id FROM home")
        for name, (kind, label) in ROOMS.items():
            connection.execute(
                "INSERT INTO device (gateway_id, name, kind, label) VALUES ('g', %s, %s, %s)", (name, kind, label)
            )
        row = connection.execute("SELECT elder_id FROM elder").fetchone()
        assert row is not None
        return int(row[0])


def moment(day: int, hour: float) -> datetime:
    return BEGIN + timedelta(days=day, hours=hour)


def moved(day: int, hour: float, device: str) -> Row:
    return Row(device, Metric.MOTION, moment(day, hour), 1.0)


def air(day: int, *, showers: bool) -> Iterator[Row]:
    for minute in range(0, 1440, 5):
        since = minute - 480 if showers and minute >= 480 else None
        yield Row("air", Metric.HUMIDITY, moment(day, minute / 60), bathroom_air(since, 10)[0])


def life() -> Iterator[Row]:
    """Regular days; then visits all night, no showers any more, a still morning, a stay without an end, to and fro for
    hours, and a cuff that is no longer used."""
    chance = random.Random(7)
    for day in range(DAYS):
        yield from air(day, showers=day % 2 == 0 and day < 14)
        visits = 9 if day == 16 else 1 + day % 2
        yield from (moved(day, 23 + place * 0.75, "there") for place in range(visits))
        if day != 19:
            yield moved(day, 7 + chance.random() / 2, "kitchen")
        yield moved(day, 7.99, "there")
        yield from (moved(day, hour + chance.random(), "kitchen") for hour in (13, 18, 20))
        if day < 17:
            yield Row("cuff", Metric.SYSTOLIC, moment(day, 9), 176.0 if day == 10 else 130.0 + day % 7)
    yield from (Row("air", Metric.FLOW, moment(20, 8 + minute / 60), 6.0) for minute in range(0, 70, 2))
    for quarter in range(59):
        told = moment(21, 13.1 + quarter / 10)
        yield from (
            Row(("hall", "kitchen")[place % 2], Metric.MOTION, told - late, 1.0, late)
            for place, late in enumerate(timedelta(seconds=90 * step + 2) for step in (3, 2, 1, 0))
        )


def lived_days() -> list[Row]:
    """In the order in which they arrive. On the still morning nobody moves before noon."""
    still = (moment(19, 3), moment(19, 12))
    rows = (row for row in life() if row.metric is not Metric.MOTION or not still[0] < row.at < still[1])
    return sorted(rows, key=lambda row: row.stored_at)


def keep(connection: Connection, elder: int, rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, stored_at, "
            "gateway_id, epoch, outbox_number) SELECT device_id, %s, 1, %s, %s, %s, %s, %s, 'g', 1, 1 FROM device "
            "WHERE name = %s",
            [(row.metric, row.at, row.value, elder, row.at, row.stored_at, row.device) for row in rows],
        )


def tell(connection: Connection, elder: int, rows: list[Row]) -> None:
    """As ingest does."""
    keep(connection, elder, rows)
    measured = any(row.device == "cuff" for row in rows)
    connection.execute(
        "INSERT INTO detection_due (elder_id, since, events_only) VALUES (%s, %s, %s)",
        (elder, rows[0].at, not measured),
    )


@dataclass
class Home:
    """What has arrived; the air's values only when somebody looks, since a look at them alone finds nothing new."""

    connection: Connection
    elder: int
    limits: Limits
    air: list[Row]

    def keep_air(self, until: datetime) -> None:
        arrived = bisect_right(self.air, until, key=lambda row: row.stored_at)
        keep(self.connection, self.elder, self.air[:arrived])
        del self.air[:arrived]

    def live_until(self, until: datetime) -> None:
        """What timers and set hours ask for."""
        while (timer := next_timer(self.connection)) is not None and timer <= until:
            self.keep_air(timer)
            wake(self.connection, timer)
            while look_at_next(self.connection, self.limits, timer) or look_at_next_round(
                self.connection, self.limits, timer
            ):
                pass
        self.keep_air(until)

    def look_at_all_again(self, now: datetime) -> None:
        """As after a restart that lost its place: of each kind of look one."""
        for events_only in (True, False):
            self.connection.execute(
                "INSERT INTO detection_due VALUES (%s, %s, %s, %s)", (self.elder, now, now, events_only)
            )
            assert look_at_next(self.connection, self.limits, now)
        self.connection.execute("UPDATE detection_timer SET round_at = %s", (now,))
        assert look_at_next_round(self.connection, self.limits, now)


def test_live_as_in_a_back_test(database: str, elder: int, limits: Limits) -> None:
    connection: Connection
    rows = lived_days()
    with psycopg.connect(database, autocommit=True) as connection:
        home = Home(connection, elder, limits, [row for row in rows if row.metric is Metric.HUMIDITY])
        told = [row for row in rows if row.metric is not Metric.HUMIDITY]
        for stored_at, group in groupby(told, key=lambda row: row.stored_at):
            home.live_until(stored_at - timedelta(microseconds=1))
            tell(connection, elder, list(group))
            assert look_at_next(connection, limits, stored_at)
            if stored_at.hour == 1 and stored_at.minute == 0:  # where a measurement comes
                before = rows_of(database, "SELECT alert_id FROM alert ORDER BY alert_id")
                home.look_at_all_again(stored_at)
                assert rows_of(database, "SELECT alert_id FROM alert ORDER BY alert_id") == before
        home.live_until(END)
        since = history_since(limits, BEGIN)
        (history,) = store.histories(connection, [elder], metrics_looked_at(limits), since, END)
        live = store.lived(connection, BEGIN, END)
    replayed = replay(history, limits, BEGIN, END)
    assert {str(one.cause) for one in live} >= {
        "agitation",
        "blood_pressure",
        "long_stay",
        "night_bathroom",
        "routine",
        "shower_missed",
        "silence",
    }
    assert [(one.cause, one.raised_at, one.rules, one.priority) for one in live] == [
        (one.cause, one.raised_at, one.rules, one.priority) for one in replayed
    ]
    for one, other in zip(live, replayed, strict=True):
        if one.closed_at is None or other.closed_at is None:
            assert one.closed_at == other.closed_at
        else:  # what a round ends is ended on its next
            assert timedelta(0) <= one.closed_at - other.closed_at < timedelta(hours=15)


def test_a_stay_is_told_in_time_though_nothing_arrives(database: str, elder: int, limits: Limits) -> None:
    config = CloudConfig(database=Database(dsn=database), detection=Detection(poll_s=60, port=0))
    connection: Connection
    with (
        running(lambda process: work(process, limits), config, "detect") as process,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        connection.execute("LISTEN doorstep_alert")
        process.wait_until("database")
        due = datetime.now(UTC) + timedelta(seconds=3)
        began = due - timedelta(minutes=limits.routine.long_stay.still_minutes)
        water = [Row("air", Metric.FLOW, began + timedelta(minutes=minute), 6.0) for minute in range(15)]
        with connection.transaction():
            tell(connection, elder, [Row("air", Metric.MOTION, began, 1.0), *water])
            connection.execute("SELECT pg_notify('doorstep_reading', %s)", (str(elder),))
        heard = [datetime.now(UTC) for _ in connection.notifies(timeout=20, stop_after=1)]
    assert rows_of(database, "SELECT cause, priority, evidence_to FROM alert") == [("long_stay", "now", due)]
    assert timedelta(0) <= heard[0] - due < timedelta(seconds=2)
