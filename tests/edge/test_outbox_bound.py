"""A full outbox gives up what sensors said before what was measured, and says so."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge.config import load
from edge.health import LATELY, fullness
from edge.outbox import Outbox, outbox_figures
from edge.outbox_bound import STEP, OutboxBound
from protocols.configuration import ConfigurationError
from protocols.reading import Metric, Reading, Unit
from protocols.telemetry.messages import GivenUp, Receipt
from protocols.telemetry.worth import METRICS_OF, Worth
from tests.edge.conftest import BEGAN, CONFIG, ReadingMaker

KEEP_BYTES = 400_000
MANY = 1200


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Outbox]:
    """An outbox that holds not much more than 1,000 readings, for 30 days."""
    box = Outbox(tmp_path / "outbox.db", OutboxBound(keep_days=30, keep_bytes=KEEP_BYTES))
    yield box
    box.close()


def waiting(box: Outbox, metric: Metric) -> list[int]:
    return [row.number for row in box.batch(0, 100_000) if row.reading.metric is metric]


def later(reading: Reading, days: float) -> Reading:
    return msgspec.structs.replace(reading, received_at=reading.received_at + timedelta(days=days))


def test_every_metric_has_one_worth() -> None:
    assert sorted(metric for metrics in METRICS_OF.values() for metric in metrics) == sorted(Metric)


def test_oldest_sensor_values_go_first_and_measurements_stay(
    small: Outbox, tmp_path: Path, create_reading: ReadingMaker, create_heard: ReadingMaker
) -> None:
    small.put([create_reading(place) for place in range(100)])
    for place in range(0, 2 * MANY, 20):
        small.put([create_heard(place + step) for step in range(20)])
    assert len(waiting(small, Metric.GLUCOSE)) == 100
    kept = waiting(small, Metric.HUMIDITY)
    assert kept == list(range(kept[0], 101 + 2 * MANY)), "the newest are kept, without a gap"
    (given_up,) = small.given_up()
    assert (given_up.worth, given_up.readings) == (Worth.ENVIRONMENT, kept[0] - 101)
    assert given_up.readings >= STEP
    assert BEGAN < given_up.since < given_up.last_at <= BEGAN + timedelta(minutes=2 * MANY)
    assert small.untold(10) == ((101, kept[0] - 1),)
    assert small.backlog() == outbox_figures(tmp_path / "outbox.db").backlog, "as counted anew"
    assert (tmp_path / "outbox.db").stat().st_size < 1.3 * KEEP_BYTES


def test_measurements_go_when_nothing_else_is_left_and_the_oldest_first(
    small: Outbox, create_reading: ReadingMaker, create_heard: ReadingMaker
) -> None:
    shower = msgspec.structs.replace(create_heard(), metric=Metric.SHOWER, unit=Unit.MINUTE)
    small.put([shower, create_heard()])
    for place in range(0, 2 * MANY, 100):
        small.put([create_reading(place + step) for step in range(100)])
    assert waiting(small, Metric.HUMIDITY) == waiting(small, Metric.SHOWER) == []
    assert waiting(small, Metric.GLUCOSE)[-1] == 2 * MANY + 2
    assert [entry.worth for entry in small.given_up()] == list(Worth)
    record = create_reading(0)
    assert not small.has(record.device, record.metric, record.sequence or 0), "read again, it is taken again"


def test_days_bind_sensor_values_and_no_measurement(
    small: Outbox, create_reading: ReadingMaker, create_heard: ReadingMaker
) -> None:
    small.put([create_heard(0), create_reading(0), later(create_heard(1), 2)])
    small.put([later(create_reading(1), 31)])
    assert [row.number for row in small.batch(0, 10)] == [2, 3, 4]
    assert small.given_up() == (
        GivenUp(
            worth=Worth.ENVIRONMENT,
            readings=1,
            since=BEGAN + timedelta(days=31, minutes=1),
            last_at=BEGAN + timedelta(days=31, minutes=1),
        ),
    )


def test_receipt_settles_what_was_given_up_and_the_count_stays(
    small: Outbox, create_reading: ReadingMaker, create_heard: ReadingMaker
) -> None:
    small.put([create_heard(0), create_heard(1), create_reading(0), create_heard(2)])
    small.put([later(create_reading(1), 31)])
    assert small.untold(10) == ((1, 2), (4, 4))
    assert small.untold(1) == ((1, 2),)
    small.forget(Receipt(epoch=small.epoch, through=0, beyond=((4, 5),)))
    assert small.untold(10) == ((1, 2),)
    small.forget(Receipt(epoch=small.epoch, through=5))
    assert small.untold(10) == ()
    assert sum(entry.readings for entry in small.given_up()) == 3
    assert small.backlog().rows == 0


def test_numbers_of_an_epoch_that_is_over_are_told_to_nobody(small: Outbox, create_heard: ReadingMaker) -> None:
    small.put([create_heard(0)])
    small.put([later(create_heard(1), 31)])
    small.forget(Receipt(epoch=small.epoch, through=700))
    assert small.untold(10) == ()
    assert [row.number for row in small.batch(0, 10)] == [1]


def test_counts_outlive_the_process(tmp_path: Path, create_heard: ReadingMaker) -> None:
    path = tmp_path / "outbox.db"
    box = Outbox(path)
    box.put([create_heard(0)])
    box.put([later(create_heard(1), 31)])
    said = box.given_up()
    box.close()
    assert outbox_figures(path).given_up == said
    again = Outbox(path)
    assert again.given_up() == said
    assert again.backlog().rows == 1
    again.close()


def test_a_gateway_that_gave_up_readings_lately_is_not_well() -> None:
    entry = GivenUp(worth=Worth.ENVIRONMENT, readings=500, since=BEGAN, last_at=BEGAN)
    (sentence,) = fullness((entry,), BEGAN)
    assert sentence == "the outbox is full: 500 environment readings given up since 2026-03-01 08:00 UTC"
    assert fullness((entry,), BEGAN + LATELY) == []


def test_bounds_are_configured(config_file: Path) -> None:
    assert load(config_file).outbox.bound == OutboxBound(30, 512_000_000)
    config_file.write_text(CONFIG.replace("[[device]]", "[outbox]\nkeep_days = 7\nkeep_mb = 64\n\n[[device]]"))
    assert load(config_file).outbox.bound == OutboxBound(7, 64_000_000)
    config_file.write_text(CONFIG.replace("[[device]]", "[outbox]\nkeep_mb = 1\n\n[[device]]"))
    with pytest.raises(ConfigurationError, match=r"keep_mb"):
        load(config_file)
