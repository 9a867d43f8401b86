"""The outbox keeps what it was given until a receipt covers it, whatever happens to the process."""

import os
import select
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import Permanent
from edge.meter_clock import ClockSighting
from edge.outbox import MeterMemory, Outbox, outbox_figures
from edge.sqlite_file import hold_alone
from protocols.reading import Metric, record_key
from protocols.telemetry.messages import Receipt
from tests.edge.conftest import BEGAN, ReadingMaker


def numbers(box: Outbox) -> list[int]:
    return [row.number for row in box.batch(0, 1000)]


def test_numbers_have_no_gap_where_a_record_is_known(outbox: Outbox, create_reading: ReadingMaker) -> None:
    first, second, third = (create_reading(place) for place in range(3))
    assert outbox.put([first, second]) == 2
    assert outbox.put([first, second, third]) == 1
    assert numbers(outbox) == [1, 2, 3]
    assert [row.reading for row in outbox.batch(0, 10)] == [first, second, third]
    assert outbox.taken == 3


def test_same_record_with_another_correction_is_known(outbox: Outbox, create_reading: ReadingMaker) -> None:
    reading = create_reading(1)
    outbox.put([reading])
    corrected = type(reading)(
        **{f: getattr(reading, f) for f in reading.__struct_fields__}
        | {"measured_at": reading.measured_at + timedelta(seconds=30)}
    )
    assert outbox.put([corrected]) == 0


def test_receipt_deletes_what_it_covers_and_nothing_else(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(place) for place in range(10)])
    assert outbox.forget(Receipt(epoch=outbox.epoch, through=2, beyond=((5, 6), (9, 9)))) == 5
    assert numbers(outbox) == [3, 4, 7, 8, 10]
    assert outbox.forget(Receipt(epoch=outbox.epoch, through=2, beyond=((5, 6), (9, 9)))) == 0


def test_receipt_of_another_epoch_is_not_ours(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading()])
    assert outbox.forget(Receipt(epoch=outbox.epoch ^ 1, through=1)) == 0
    assert numbers(outbox) == [1]


def test_receipt_ahead_of_us_begins_a_new_epoch(outbox: Outbox, create_reading: ReadingMaker) -> None:
    """A restored card is an old copy: the centre knows numbers that this copy has not given away yet."""
    outbox.put([create_reading(place) for place in range(6)])
    link = outbox.batch(3, 1)[0].before
    outbox.forget(Receipt(epoch=outbox.epoch, through=3, links=((3, link),)))
    old = outbox.epoch
    assert outbox.forget(Receipt(epoch=old, through=700)) == 0
    assert outbox.epoch != old
    assert [row.reading for row in outbox.batch(0, 10)] == [create_reading(place) for place in (3, 4, 5)]
    assert numbers(outbox) == [1, 2, 3]
    outbox.put([create_reading(8)])
    assert numbers(outbox) == [1, 2, 3, 4]


def test_delivered_record_is_known_and_delivered_sensor_value_leaves_nothing(
    outbox: Outbox, create_reading: ReadingMaker, create_heard: ReadingMaker
) -> None:
    record, heard = create_reading(1), create_heard(1)
    outbox.put([record, heard])
    outbox.forget(Receipt(epoch=outbox.epoch, through=2))
    assert outbox.put([record]) == 0
    assert outbox.has(record.device, Metric.GLUCOSE, record_key(record))
    assert not outbox.has(heard.device, Metric.HUMIDITY, record_key(heard))


def test_numbers_go_on_after_everything_was_delivered(tmp_path: Path, create_reading: ReadingMaker) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put([create_reading(1), create_reading(2)])
    box.forget(Receipt(epoch=box.epoch, through=2))
    epoch = box.epoch
    box.close()
    again = Outbox(tmp_path / "outbox.db")
    assert again.epoch == epoch
    again.put([create_reading(3)])
    assert numbers(again) == [3]
    again.close()


def test_backlog_says_how_much_and_how_old(outbox: Outbox, create_reading: ReadingMaker) -> None:
    assert (outbox.backlog().rows, outbox.backlog().oldest_at) == (0, None)
    outbox.put([create_reading(5), create_reading(9)])
    backlog = outbox.backlog()
    assert backlog.rows == 2
    assert backlog.bytes > 100
    assert backlog.oldest_at == BEGAN + timedelta(minutes=5)


def test_memory_of_a_meter_is_kept(outbox: Outbox) -> None:
    assert outbox.memory("ble:x") == MeterMemory()
    sighting = ClockSighting(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 8, 2))
    memory = MeterMemory("C182DDCBE", 412, sighting)
    outbox.remember("ble:x", memory)
    assert outbox.memory("ble:x") == memory


def test_pruned_keys_are_forgotten(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(1)])
    outbox.forget(Receipt(epoch=outbox.epoch, through=1))
    assert outbox.prune(BEGAN) == 0
    assert outbox.prune(BEGAN + timedelta(days=1)) == 1


@pytest.mark.parametrize("damage", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 4080])
def test_damaged_file_is_set_aside(tmp_path: Path, create_reading: ReadingMaker, damage: bytes) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(damage)
    box = Outbox(path)
    assert box.set_aside is not None
    assert box.set_aside.read_bytes() == damage
    assert box.put([create_reading()]) == 1
    box.close()


def test_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Permanent, match="choose another data folder"):
        Outbox(tmp_path / "file" / "outbox.db")


def test_figures_are_read_beside_a_writer(tmp_path: Path, create_reading: ReadingMaker) -> None:
    path = tmp_path / "outbox.db"
    with pytest.raises(Permanent, match="no gateway has run"):
        outbox_figures(path)
    box = Outbox(path)
    box.put([create_reading(1), create_reading(2)])
    figures = outbox_figures(path)
    assert (figures.epoch, figures.taken, figures.backlog.rows) == (box.epoch, 2, 2)
    box.close()


def test_second_gateway_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with hold_alone(tmp_path / "lock"), pytest.raises(Permanent, match="another gateway process"):
        hold_alone(tmp_path / "lock")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(receipts=st.lists(st.tuples(st.integers(0, 30), st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30))))))
def test_any_receipts_delete_exactly_their_union(
    tmp_path_factory: pytest.TempPathFactory,
    create_reading: ReadingMaker,
    receipts: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    box = Outbox(tmp_path_factory.mktemp("box") / "outbox.db")
    box.put([create_reading(place) for place in range(30)])
    covered: set[int] = set()
    for through, beyond in receipts:
        box.forget(Receipt(epoch=box.epoch, through=through, beyond=tuple(beyond)))
        covered |= set(range(1, through + 1)).union(*(range(low, high + 1) for low, high in beyond))
    assert numbers(box) == [number for number in range(1, 31) if number not in covered]
    box.close()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from edge.outbox import Outbox
from protocols.reading import Metric, Reading, Unit

box = Outbox(Path(sys.argv[1]))
now = datetime.now(UTC)
number = 0
while True:
    number += 1
    box.put([Reading(device="d", metric=Metric.GLUCOSE, value=float(number), unit=Unit.MG_DL, measured_at=now,
                     received_at=now, device_time=datetime(2026, 1, 1), sequence=number)])
    print(number, flush=True)
"""


def test_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """kill -9 between put and the next: every number that was told stands in the file, and no other below it."""
    path = tmp_path / "outbox.db"
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    told = b""
    while told.count(b"\n") < 25:
        assert select.select([child.stdout], [], [], 30)[0]
        told += os.read(child.stdout.fileno(), 4096)
    child.send_signal(signal.SIGKILL)
    told += child.stdout.read()
    child.wait(10)
    child.stdout.close()
    last_told = int(told.split()[-1])
    box = Outbox(path)
    assert box.set_aside is None
    rows = box.batch(0, 100_000)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.reading.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert last_told <= len(rows) <= last_told + 1
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    box.close()
