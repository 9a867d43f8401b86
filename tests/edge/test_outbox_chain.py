"""The running hash in the outbox, and what is kept after its receipt."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from edge.outbox import Outbox
from edge.outbox_bound import AGE_LOOK, OutboxBound
from protocols.telemetry.chain import digest_of, first_link, next_link
from protocols.telemetry.messages import Receipt
from tests.edge.conftest import BEGAN, ReadingMaker

STORE = 1_772_000_000_000


def chain_of(box: Outbox) -> bytes:
    """The link after the last waiting reading; fails where two neighbours do not fit."""
    link = None
    for row in box.batch(0, 100_000):
        assert link in (None, row.before)
        link = next_link(row.before, digest_of(row.reading))
    assert link is not None
    return link


def numbers(box: Outbox) -> list[int]:
    return [row.number for row in box.batch(0, 100_000)]


def test_each_reading_stands_with_the_hash_of_all_before(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(0), create_reading(1)])
    outbox.put([create_reading(1), create_reading(2)])
    first, second, third = outbox.batch(0, 10)
    assert first.before == first_link(outbox.epoch)
    assert second.before == next_link(first.before, digest_of(first.reading))
    assert third.before == next_link(second.before, digest_of(second.reading))


def test_the_chain_goes_on_after_delivery_and_restart(tmp_path: Path, create_reading: ReadingMaker) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put([create_reading(place) for place in range(5)])
    link = chain_of(box)
    box.forget(Receipt(epoch=box.epoch, through=5))
    box.close()
    again = Outbox(tmp_path / "outbox.db")
    again.put([create_reading(7)])
    (row,) = again.batch(0, 10)
    assert row.before == link
    again.close()


def test_an_outbox_of_an_earlier_version_begins_its_chain_with_what_waits(
    tmp_path: Path, create_reading: ReadingMaker
) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put([create_reading(place) for place in range(4)])
    box.forget(Receipt(epoch=box.epoch, through=2))
    box.close()
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        db.executescript(
            "ALTER TABLE reading DROP COLUMN before; DROP TABLE chain; DROP TABLE kept; DROP TABLE told_range;"
            "DROP TABLE centre; DROP TABLE line"
        )
    db.close()
    again = Outbox(tmp_path / "outbox.db")
    again.put([create_reading(9)])
    assert numbers(again) == [3, 4, 5]
    assert again.batch(0, 1)[0].before == first_link(again.epoch)
    chain_of(again)
    again.close()


def test_a_new_epoch_has_a_chain_of_its_own(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(place) for place in range(4)])
    outbox.forget(Receipt(epoch=outbox.epoch, through=2))
    before = outbox.epoch
    outbox.forget(Receipt(epoch=outbox.epoch, through=99))
    assert outbox.epoch != before
    outbox.put([create_reading(9)])
    assert numbers(outbox) == [1, 2, 3, 4, 5], "nothing proves that the first two are stored: they go again"
    assert outbox.backlog().rows == 5
    assert outbox.batch(0, 1)[0].before == first_link(outbox.epoch)
    chain_of(outbox)
    assert outbox.kept() == 0


def test_a_restored_centre_gets_what_it_lacks(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(place) for place in range(10)])
    outbox.forget(Receipt(epoch=outbox.epoch, through=8, store=STORE))
    link = outbox.batch(0, 10)[0].before
    assert (numbers(outbox), outbox.kept(), outbox.store) == ([9, 10], 8, STORE)
    outbox.forget(Receipt(epoch=outbox.epoch, through=3, beyond=((6, 6),), store=STORE + 1))
    assert (numbers(outbox), outbox.store) == ([4, 5, 7, 8, 9, 10], STORE + 1)
    assert outbox.backlog().rows == 6
    assert outbox.batch(8, 1)[0].before == link
    assert outbox.put([create_reading(4)]) == 0, "it is known all the while"
    outbox.forget(Receipt(epoch=outbox.epoch, through=10, store=STORE + 1))
    assert (numbers(outbox), outbox.kept(), outbox.backlog().rows) == ([], 10, 0)


def test_a_replayed_receipt_of_the_store_before_changes_nothing(outbox: Outbox, create_reading: ReadingMaker) -> None:
    outbox.put([create_reading(place) for place in range(5)])
    old = Receipt(epoch=outbox.epoch, through=5, store=STORE)
    outbox.forget(old)
    outbox.forget(Receipt(epoch=outbox.epoch, through=2, store=STORE + 1))
    for replayed in (old, Receipt(epoch=outbox.epoch, through=5)):
        assert outbox.forget(replayed) == 0
        assert numbers(outbox) == [3, 4, 5]


def test_a_restored_centre_is_told_again_what_was_given_up(tmp_path: Path, create_heard: ReadingMaker) -> None:
    box = Outbox(tmp_path / "outbox.db", OutboxBound(keep_days=1))
    box.put([create_heard(place) for place in range(3)])
    box.put([create_heard(3 * 1440)])
    assert box.untold(10) == ((1, 3),)
    box.forget(Receipt(epoch=box.epoch, through=4, store=STORE))
    assert box.untold(10) == ()
    box.forget(Receipt(epoch=box.epoch, through=0, store=STORE + 1))
    assert (box.untold(10), numbers(box)) == (((1, 3),), [4])
    box.close()


def test_what_is_kept_ends_with_its_days(tmp_path: Path, create_heard: ReadingMaker) -> None:
    box = Outbox(tmp_path / "outbox.db", OutboxBound(kept_days=7))
    box.put([create_heard(place) for place in range(3)])
    box.forget(Receipt(epoch=box.epoch, through=3), BEGAN)
    almost = create_heard(7 * 1440)
    box.put([almost])
    assert box.kept() == 3
    box.put([create_heard(7 * 1440 + int(AGE_LOOK / timedelta(minutes=1)))])
    assert box.kept() == 0
    box.close()


def test_what_is_kept_goes_before_anything_that_waits(tmp_path: Path, create_heard: ReadingMaker) -> None:
    box = Outbox(tmp_path / "outbox.db", OutboxBound(keep_bytes=500_000))
    for start in range(0, 3000, 100):
        box.put([create_heard(place) for place in range(start, start + 100)])
        box.forget(Receipt(epoch=box.epoch, through=start + 100), BEGAN)
    assert 100 < box.kept() < 2000
    box.put([create_heard(place) for place in range(5000, 5900)])
    assert box.given_up() == ()
    assert box.backlog().rows == 900
    box.close()


@pytest.mark.parametrize("beyond", [((3, 4),), ((4, 3),), ((2, 9), (1, 1)), ((1, 2**61),)])
def test_ranges_in_any_order_bring_back_only_what_lacks(
    outbox: Outbox, create_reading: ReadingMaker, beyond: tuple[tuple[int, int], ...]
) -> None:
    outbox.put([create_reading(place) for place in range(6)])
    outbox.forget(Receipt(epoch=outbox.epoch, through=6, store=1))
    outbox.forget(Receipt(epoch=outbox.epoch, through=0, beyond=beyond, store=2))
    covered = {number for first, last in beyond for number in range(first, min(last, 6) + 1)}
    if max(last for _, last in beyond) > 6:
        assert numbers(outbox) == [1, 2, 3, 4, 5, 6]  # it knows more than this file: a new epoch
    else:
        assert set(numbers(outbox)) == set(range(1, 7)) - covered
