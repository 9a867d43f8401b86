"""Gateways from one card, taken at any time, against the real store: whatever comes first, all of each is stored, but
what its own full outbox gave up."""

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.readings.joining import joined
from cloud.readings.opening import open_readings
from cloud.readings.store import store_deliveries
from edge.outbox import Outbox
from edge.outbox_runs import contiguous_runs
from protocols.reading import Metric, Reading, Unit, record_key
from protocols.telemetry.chain import digest_of, next_link
from protocols.telemetry.messages import ReadingsMessage, Receipt, encode
from protocols.telemetry.topics import READINGS, topic
from tests.integration.test_ingest_store import NOW, SENSOR, create_record, populate

pytestmark = pytest.mark.integration

TWINS = 4
BEGAN = NOW - timedelta(days=1000)
GATEWAY = "gw-1"
_numbers = itertools.count(1)
"""Records are never made twice, as the database is one for all examples."""

Letters = list[tuple[str, bytes]]


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        yield connection


class House:
    """Gateways that share a topic: each hears every receipt."""

    def __init__(self, connection: psycopg.Connection[Any], folder: Path, ancestors: int) -> None:
        self._connection = connection
        self._folder = folder
        self.boxes: list[Outbox] = []
        self.had: list[set[int]] = []
        """Of each, the keys of what it ever held, less what it gave up."""
        self.told: list[Receipt] = []
        self._months = 0
        self._open(ancestors, set())

    def _open(self, readings: int, had: set[int]) -> None:
        self.boxes.append(Outbox(self._folder / f"{len(self.boxes)}.db"))
        self.had.append(had)
        self.put(-1, readings)

    def clone(self, which: int, readings: int) -> None:
        """Its own readings are on a card before it first connects."""
        if len(self.boxes) < TWINS:
            paths = (self._folder / f"{which % len(self.boxes)}.db", self._folder / f"{len(self.boxes)}.db")
            with closing(sqlite3.connect(paths[0])) as card, closing(sqlite3.connect(paths[1])) as copy:
                card.backup(copy)
            self._open(readings, set(self.had[which % len(self.boxes)]))

    def put(self, which: int, count: int) -> None:
        """Measurements and values of a sensor by turns."""
        numbers = itertools.islice(_numbers, count)
        self._put(
            which,
            [
                create_record(number, received_at=BEGAN) if number % 2 else create_humidity(timedelta(minutes=number))
                for number in numbers
            ],
        )

    def overflow(self, which: int) -> None:
        """A value for which all of the sensor that wait are too old."""
        self._months += 1
        self._put(which, [create_humidity(timedelta(days=31 * self._months, seconds=next(_numbers)))])

    def _put(self, which: int, readings: list[Reading]) -> None:
        box, had = self.boxes[which], self.had[which]
        before = waiting(box)
        box.put(readings)
        had |= {record_key(reading) for reading in readings}
        had -= before - waiting(box)

    def letters(self, box: Outbox, after: int, limit: int) -> Letters:
        rows = box.batch(after, limit)
        return [
            (
                topic(GATEWAY, READINGS),
                encode(
                    ReadingsMessage(
                        epoch=box.epoch,
                        first=run[0].number,
                        sent_at=NOW,
                        readings=tuple(row.reading for row in run),
                        chain_before=run[0].before,
                        chain_after=next_link(run[-1].before, digest_of(run[-1].reading)),
                    )
                ),
            )
            for run in contiguous_runs(rows)
        ]

    def given_up(self, box: Outbox) -> Letters:
        ranges = box.untold(100)
        told = ReadingsMessage(epoch=box.epoch, first=1, sent_at=NOW, readings=(), given_up=ranges)
        return [(topic(GATEWAY, READINGS), encode(told))] if ranges else []

    def store(self, letters: Letters) -> list[Receipt]:
        deliveries = joined([open_readings(*letter, NOW) for letter in letters])
        stored = store_deliveries(self._connection, deliveries, NOW)
        self.told += [receipt for _, receipt in stored.receipts]
        return self.told[len(self.told) - len(stored.receipts) :]

    def settle(self, limit: int) -> None:
        """Each sends all that waits and hears its answers, the others being off; until nothing waits."""
        self._send_all(limit)
        for which, box in enumerate(self.boxes):
            if box.backlog().rows:  # a full outbox left nothing to tell whose it is; the next reading does
                self.put(which, 1)
        self._send_all(limit)
        assert [box.backlog().rows for box in self.boxes] == [0] * len(self.boxes)

    def _send_all(self, limit: int) -> None:
        for _ in range(3 * TWINS):
            for box in self.boxes:
                after = 0
                self.store(self.given_up(box))
                while rows := box.batch(after, limit):
                    for receipt in self.store(self.letters(box, after, limit)):
                        box.forget(receipt)
                    after = rows[-1].number

    def lost(self) -> list[int]:
        found = self._connection.execute(
            "SELECT n FROM unnest(%s::bigint[]) AS n EXCEPT SELECT record_key FROM reading",
            (sorted(set[int]().union(*self.had)),),
        )
        return sorted(n for (n,) in found)

    def close(self) -> None:
        for box in self.boxes:
            box.close()


def waiting(box: Outbox) -> set[int]:
    return {record_key(row.reading) for row in box.batch(0, 10_000)}


def create_humidity(after: timedelta) -> Reading:
    return Reading(
        device=SENSOR,
        metric=Metric.HUMIDITY,
        value=60.0,
        unit=Unit.PERCENT,
        measured_at=BEGAN + after,
        received_at=BEGAN + after,
    )


def create_act(name: str, *bounds: tuple[int, int]) -> st.SearchStrategy[tuple[str, tuple[int, ...]]]:
    """The first number says who of them."""
    return st.tuples(st.just(name), st.tuples(st.integers(0, TWINS - 1), *(st.integers(*each) for each in bounds)))


ACTS = st.lists(
    st.one_of(
        create_act("put", (1, 2)),
        create_act("overflow"),
        create_act("give up"),
        create_act("clone", (0, 2)),
        create_act("post", (0, 6), (1, 5)),
        create_act("take", (0, 4), (1, 3)),
        create_act("hear", (0, 4)),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ancestors=st.integers(0, 4), acts=ACTS, limit=st.sampled_from([2, 3, 500]))
def test_whatever_comes_first_all_that_clones_measured_is_stored(
    connection: psycopg.Connection[Any],
    tmp_path_factory: pytest.TempPathFactory,
    ancestors: int,
    acts: list[tuple[str, tuple[int, ...]]],
    limit: int,
) -> None:
    folder = tmp_path_factory.mktemp("cards")
    house = House(connection, folder, ancestors)
    post: Letters = []
    for act, (who, *numbers) in acts:
        which = who % len(house.boxes)
        match act:
            case "put":
                house.put(which, numbers[0])
            case "overflow":
                house.overflow(which)
            case "give up":
                post += house.given_up(house.boxes[which])
            case "clone":
                house.clone(which, numbers[0])
            case "post":
                post += house.letters(house.boxes[which], numbers[0], numbers[1])
            case "take" if post:  # late, doubled, out of order, several together or none
                at = numbers[0] % len(post)
                house.store(post[at : at + numbers[1]])
            case "hear" if house.told:
                house.boxes[which].forget(house.told[-1 - numbers[0] % len(house.told)])
    house.settle(limit)
    assert house.lost() == []
    house.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("limit", [2, 500])
def test_the_second_clone_of_a_card_at_rest_loses_nothing(
    connection: psycopg.Connection[Any], tmp_path: Path, limit: int
) -> None:
    """Both measured equally much, so that the same numbers are theirs: the second is no replay of the first."""
    house = House(connection, tmp_path, 3)
    (receipt,) = house.store(house.letters(house.boxes[0], 0, 500))
    house.boxes[0].forget(receipt)
    house.clone(0, 6)
    house.clone(0, 6)
    first, second = house.boxes[1:]
    assert first.epoch == second.epoch
    (receipt,) = house.store(house.letters(first, 0, 500))
    assert first.forget(receipt) == 6
    (receipt,) = house.store(house.letters(second, 9 - limit, limit))
    assert second.forget(receipt) == 0
    assert first.epoch != second.epoch, "those numbers are the other's"
    house.settle(limit)
    assert house.lost() == []
    house.close()
