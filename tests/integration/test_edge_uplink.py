"""The uplink against a real broker: nothing leaves the outbox before its receipt, everything leaves it in the end."""

import queue
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cloud.local.broker import LocalBroker
from edge.broker_section import Broker
from edge.clock import Clock
from edge.config import EdgeConfig, load
from edge.config import Uplink as UplinkSettings
from edge.figures import Figures
from edge.outbox import Outbox
from edge.outbox_bound import OutboxBound
from edge.uplink import Uplink
from protocols.reading import Metric, Reading, Unit
from protocols.telemetry import topics
from protocols.telemetry.messages import Receipt, StatusMessage, encode
from tests.edge.conftest import CONFIG
from tests.integration.edge_centre import PATIENCE_S, FakeCentre

pytestmark = [pytest.mark.integration]

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def create_readings(first: int, count: int) -> list[Reading]:
    return [
        Reading(
            device="ble:C0:FF:EE:00:00:01",
            metric=Metric.GLUCOSE,
            value=float(number),
            unit=Unit.MG_DL,
            measured_at=BEGAN + timedelta(seconds=number),
            received_at=BEGAN + timedelta(seconds=number),
            device_time=datetime(2026, 3, 1) + timedelta(seconds=number),
        )
        for number in range(first, first + count)
    ]


@pytest.fixture
def centre(broker: LocalBroker) -> Iterator[FakeCentre]:
    centre = FakeCentre(broker.port)
    yield centre
    centre.close()


@pytest.fixture
def config(tmp_path: Path, broker: LocalBroker) -> EdgeConfig:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return msgspec.structs.replace(
        load(path),
        broker=Broker(url=broker.url),
        uplink=UplinkSettings(batch_readings=10, linger_ms=20, window_messages=5, resend_s=0.5, status_s=30),
    )


class Running:
    """An uplink on an outbox, and what it needs."""

    def __init__(self, config: EdgeConfig, folder: Path) -> None:
        clock = Clock()
        self.outbox = Outbox(folder / "outbox.db")
        self.figures = Figures((), clock)
        self.crashes: list[str] = []
        self.uplink = Uplink(
            config,
            self.outbox,
            clock,
            self.figures,
            status=lambda: StatusMessage(
                online=True, at=clock.now(), epoch=self.outbox.epoch, backlog_rows=self.outbox.backlog().rows
            ),
            crashed=self.crashes.append,
        )
        self.uplink.start()

    def put(self, readings: list[Reading]) -> None:
        self.outbox.put(readings)
        self.uplink.wake()

    def until_empty(self) -> None:
        wait_until(lambda: self.outbox.backlog().rows == 0, "the outbox is not emptied")

    def stop(self) -> None:
        self.uplink.stop("stopped")
        self.outbox.close()
        assert self.crashes == []


def wait_until(condition: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """For what lies in a file or another process and gives no event."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def running(config: EdgeConfig, centre: FakeCentre, tmp_path: Path) -> Iterator[Running]:
    running = Running(config, tmp_path)
    yield running
    running.stop()


def test_readings_arrive_in_batches_and_leave_by_receipt(running: Running, centre: FakeCentre) -> None:
    readings = create_readings(0, 95)
    running.put(readings)
    centre.until(lambda: len(centre.stored) == 95, "not all arrived")
    running.until_empty()
    assert [centre.stored[running.outbox.epoch, number] for number in range(1, 96)] == readings
    assert max(len(message.readings) for message in centre.messages) == 10
    assert len(centre.messages) == 10


def test_nothing_leaves_without_a_receipt_and_all_is_sent_again(running: Running, centre: FakeCentre) -> None:
    """PUBACKed by the broker, never received by the database: lost in the middle."""
    centre.answers = False
    running.put(create_readings(0, 20))
    centre.until(lambda: len(centre.messages) >= 4, "nothing was sent again")
    assert running.outbox.backlog().rows == 20
    assert centre.stored == {}
    centre.answers = True
    running.until_empty()
    assert len(centre.stored) == 20


def test_window_bounds_what_a_silent_centre_is_sent(running: Running, centre: FakeCentre) -> None:
    centre.answers = False
    running.put(create_readings(0, 500))
    centre.until(lambda: len(centre.messages) >= 5, "nothing came")
    assert max(message.first + len(message.readings) - 1 for message in centre.messages) <= 50
    centre.answers = True
    running.until_empty()
    assert len(centre.stored) == 500


def test_doubled_late_and_foreign_receipts_delete_nothing_else(running: Running, centre: FakeCentre) -> None:
    centre.answers = False
    running.put(create_readings(0, 3))
    centre.until(lambda: len(centre.messages) >= 1, "nothing came")
    epoch = running.outbox.epoch
    for payload in (
        encode(Receipt(epoch=epoch ^ 5, through=3)),
        b"not json",
        b'{"epoch": "x"}',
        encode(Receipt(epoch=epoch, through=0)),
        encode(Receipt(epoch=epoch, through=1)),
        encode(Receipt(epoch=epoch, through=1)),
        encode(Receipt(epoch=epoch, through=1, beyond=((3, 3),))),
    ):
        centre.publish(topics.RECEIPT, payload)
    wait_until(lambda: running.outbox.backlog().rows == 1, "receipts were not taken")
    assert [row.number for row in running.outbox.batch(0, 10)] == [2]


def test_broker_that_is_away_is_waited_for(
    config: EdgeConfig, broker: LocalBroker, centre: FakeCentre, tmp_path: Path
) -> None:
    broker.kill()
    running = Running(config, tmp_path)
    running.put(create_readings(0, 30))
    assert running.outbox.backlog().rows == 30
    broker.restart()
    running.until_empty()
    assert len(centre.stored) == 30
    running.stop()


def test_broker_that_forgets_everything_loses_nothing(
    running: Running, config: EdgeConfig, broker: LocalBroker, centre: FakeCentre
) -> None:
    running.put(create_readings(0, 30))
    running.until_empty()
    broker.kill()
    for store in broker._folder.glob("mosquitto.db*"):
        shutil.move(store, store.with_suffix(".lost"))
    running.put(create_readings(100, 30))
    broker.restart()
    running.until_empty()
    assert len(centre.stored) == 60


def test_restarted_gateway_sends_what_was_not_receipted(config: EdgeConfig, centre: FakeCentre, tmp_path: Path) -> None:
    centre.answers = False
    first = Running(config, tmp_path)
    first.put(create_readings(0, 25))
    centre.until(lambda: len(centre.messages) >= 3, "nothing came")
    epoch = first.outbox.epoch
    first.stop()
    centre.answers = True
    second = Running(config, tmp_path)
    second.until_empty()
    assert set(centre.stored) == {(epoch, number) for number in range(1, 26)}
    second.stop()


def test_restored_card_begins_a_new_epoch_and_loses_nothing(
    config: EdgeConfig, centre: FakeCentre, tmp_path: Path
) -> None:
    first = Running(config, tmp_path)
    first.put(create_readings(0, 10))
    first.until_empty()
    first.stop()
    copy = (tmp_path / "outbox.db").read_bytes()
    second = Running(config, tmp_path)
    second.put(create_readings(10, 10))
    second.until_empty()
    second.stop()
    for tail in ("-wal", "-shm"):
        (tmp_path / f"outbox.db{tail}").unlink(missing_ok=True)
    (tmp_path / "outbox.db").write_bytes(copy)
    third = Running(config, tmp_path)
    third.put(create_readings(50, 5))  # numbers 11 to 15: the centre has those of another past
    third.until_empty()
    assert {reading.value for reading in centre.stored.values()} >= {50.0, 51.0, 52.0, 53.0, 54.0}
    third.stop()


def test_status_heartbeat_farewell_and_last_will(
    config: EdgeConfig, broker: LocalBroker, centre: FakeCentre, tmp_path: Path
) -> None:
    running = Running(config, tmp_path)
    assert centre.until_status(lambda status: status.online).epoch == running.outbox.epoch
    running.uplink.status_changed()
    centre.until_status(lambda status: status.online)
    running.stop()
    farewell = centre.until_status(lambda status: not status.online)
    assert farewell.reason == "stopped"
    with pytest.raises(queue.Empty):  # a clean disconnect leaves the last will unsaid
        centre.statuses.get(timeout=0.5)


def test_numbers_given_up_are_told_until_a_receipt_covers_them(
    config: EdgeConfig, centre: FakeCentre, tmp_path: Path
) -> None:
    """A full outbox deleted sensor values around a measurement: the receipts go on to the end."""
    box = Outbox(tmp_path / "outbox.db", OutboxBound(keep_days=1))
    heard = [
        msgspec.structs.replace(reading, metric=Metric.HUMIDITY, unit=Unit.PERCENT, device_time=None)
        for reading in create_readings(0, 20)
    ]
    box.put([*heard[:10], *create_readings(500, 1), *heard[10:]])
    box.put(create_readings(3 * 86_400, 1))
    assert box.untold(10) == ((1, 10), (12, 21))
    epoch = box.epoch
    box.close()
    centre.answers = False
    running = Running(config, tmp_path)
    centre.until(lambda: sum(bool(message.given_up) for message in centre.messages) >= 2, "not told again")
    centre.answers = True
    running.until_empty()
    wait_until(lambda: running.outbox.untold(10) == (), "not settled")
    assert set(centre.stored) == {(epoch, 11), (epoch, 22)}
    assert centre.given_up == {*range(1, 11), *range(12, 22)}
    assert centre.receipt(epoch) == Receipt(epoch=epoch, through=22)
    running.stop()


def test_backlog_of_100_000_drains_fast(config: EdgeConfig, centre: FakeCentre, tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    for start in range(0, 100_000, 10_000):
        box.put(create_readings(start, 10_000))
    box.close()
    running = Running(
        msgspec.structs.replace(config, uplink=UplinkSettings(batch_readings=100, window_messages=40)), tmp_path
    )
    began = time.monotonic()
    deadline = began + 90
    while running.outbox.backlog().rows:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len({number for _, number in centre.stored}) == 100_000
    running.stop()
