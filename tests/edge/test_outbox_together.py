"""Several threads put at once: each hears of its own, all of it is there, and the disk is waited for less often."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from edge.errors import Temporary
from edge.outbox import Outbox
from edge.outbox_together import Prepared, Together
from protocols.telemetry.chain import digest_of, next_link
from tests.edge.conftest import BEGAN, ReadingMaker

WITHIN_S = 20.0


def create_prepared(place: int) -> Prepared:
    return Prepared(("meter", "glucose", place), BEGAN, b"{}", b"")


class Disk:
    """Takes what it is given when it is let; several wait for it meanwhile."""

    def __init__(self) -> None:
        self.writes: list[list[int]] = []
        self.begun = threading.Event()
        self.let = threading.Event()
        self.failures: list[BaseException | None] = []
        """Of the next writes."""

    def write(self, batches: Sequence[Sequence[Prepared]]) -> list[int]:
        self.begun.set()
        assert self.let.wait(WITHIN_S)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.writes.append([len(batch) for batch in batches])
        return [len(batch) for batch in batches]


class Door:
    """A lock that tells how many came to it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._came = threading.Semaphore(0)

    def __enter__(self) -> bool:
        self._came.release()
        return self._lock.__enter__()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._came.acquire(timeout=WITHIN_S)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def put_while_the_first_writes(disk: Disk, sizes: Sequence[int]) -> list[Future[int]]:
    """One writes; one for each of `sizes` comes meanwhile."""
    door = Door()
    together = Together(door, disk.write)
    pool = ThreadPoolExecutor(len(sizes) + 1)
    found = [pool.submit(together.put, [create_prepared(0)])]
    assert disk.begun.wait(WITHIN_S)
    found += [pool.submit(together.put, [create_prepared(place) for place in range(size)]) for size in sizes]
    door.wait_for(len(sizes) + 1)
    disk.let.set()
    pool.shutdown()
    return found


def test_who_waits_is_written_with_the_next(disk: Disk) -> None:
    found = put_while_the_first_writes(disk, [1, 2, 3])
    assert [one.result() for one in found] == [1, 1, 2, 3]
    assert disk.writes[0] == [1]
    assert sorted(disk.writes[1]) == [1, 2, 3]
    assert len(disk.writes) == 2


def test_a_full_disk_is_told_to_all_that_it_concerns(disk: Disk) -> None:
    disk.failures = [None, Temporary("full", retry_after_s=1.0)]
    first, *others = put_while_the_first_writes(disk, [1, 1])
    assert first.result() == 1
    for other in others:
        with pytest.raises(Temporary, match="full"):
            other.result()
    assert disk.writes == [[1]]


def test_a_thread_that_is_torn_away_leaves_nobody_unwritten(disk: Disk) -> None:
    disk.failures = [None, KeyboardInterrupt()]
    first, one, other = put_while_the_first_writes(disk, [1, 1])
    assert first.result() == 1
    told = [waiting.exception() for waiting in (one, other)]
    assert {type(error) for error in told} == {KeyboardInterrupt, type(None)}
    assert disk.writes == [[1], [1]]


def test_threads_put_side_by_side_and_the_chain_is_one(tmp_path: Path, create_reading: ReadingMaker) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    readings = [create_reading(place) for place in range(80)]
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda reading: outbox.put([reading, readings[0]]), readings))
    rows = outbox.batch(0, 100)
    assert sum(new) == len(rows) == outbox.taken == 80
    assert {row.reading.measured_at for row in rows} == {reading.measured_at for reading in readings}
    for row, after in pairwise(rows):
        assert after.before == next_link(row.before, digest_of(row.reading))
    outbox.close()
