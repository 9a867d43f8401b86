"""Two live gateways from one card: nothing of either is lost or doubled, whatever comes first."""

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.readings.chain.forks import contradicts, links_of
from cloud.readings.model import Delivery
from cloud.readings.receipt import given_up_within, receipt_of, to_be_named
from edge.outbox import Numbered, Outbox
from protocols.reading import Metric, Reading, Unit, record_key
from protocols.telemetry.chain import digest_of, next_link
from protocols.telemetry.messages import Receipt
from protocols.telemetry.spans import Span
from tests.edge.conftest import BEGAN, ReadingMaker, create_record

Key = tuple[str, int]
"""Of a reading: device and record."""


def key_of(reading: Reading) -> Key:
    return reading.device, record_key(reading)


@dataclass
class Centre:
    """What the ingester does with letters, in memory: places of one outbox are of one chain, records come once."""

    rows: dict[Key, Reading] = field(default_factory=dict)
    held: dict[int, set[int]] = field(default_factory=dict)
    given_up: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    heads: dict[int, dict[int, bytes]] = field(default_factory=dict)

    def take(self, epoch: int, rows: list[Numbered]) -> None:
        delivery = create_delivery(epoch, rows)
        held, heads = self.held.setdefault(epoch, set()), self.heads.setdefault(epoch, {})
        links = links_of(delivery)
        if contradicts(links, heads) or set(delivery.numbers) <= held:
            return
        for row in rows:
            self.rows.setdefault(key_of(row.reading), row.reading)
        held.update(delivery.numbers)
        last = rows[-1].number
        heads |= {rows[0].number - 1: links[rows[0].number - 1], last: links[last]}

    def receipt(self, epoch: int) -> Receipt:
        held = self.held.get(epoch, set())
        runs = spans_of(held)
        receipt = receipt_of(epoch, spans_of(held | self.given_up[epoch]))
        heads = self.heads.get(epoch, {})
        named = [max(n for n in heads if first <= n <= last) for first, last in to_be_named(receipt, runs)]
        return Receipt(
            epoch=epoch,
            through=receipt.through,
            beyond=receipt.beyond,
            links=tuple((n, heads[n]) for n in named),
            given_up=given_up_within(receipt, runs),
        )


def spans_of(numbers: Iterable[int]) -> list[Span]:
    runs: list[Span] = []
    for number in sorted(numbers):
        runs = [*runs[:-1], (runs[-1][0], number)] if runs and runs[-1][1] + 1 == number else [*runs, (number,) * 2]
    return runs


def create_delivery(epoch: int, rows: list[Numbered]) -> Delivery:
    return Delivery(
        gateway="gw-test",
        topic="",
        payload=b"",
        epoch=epoch,
        first=rows[0].number,
        count=len(rows),
        readings=tuple(row.reading for row in rows),
        numbers=[row.number for row in rows],
        chain=(rows[0].before, next_link(rows[-1].before, digest_of(rows[-1].reading))),
    )


def create_twins(folder: Path, ancestors: list[Reading]) -> tuple[Outbox, Outbox]:
    """Two outboxes from one card."""
    folder.mkdir()
    card = Outbox(folder / "one.db")
    card.put(ancestors)
    card.close()
    shutil.copy(folder / "one.db", folder / "other.db")
    return Outbox(folder / "one.db"), Outbox(folder / "other.db")


def send(centre: Centre, box: Outbox, after: int, limit: int) -> None:
    rows = box.batch(after, limit)
    together = [row for place, row in enumerate(rows) if row.number == rows[0].number + place]
    if together:
        centre.take(box.epoch, together)


def tell_given_up(centre: Centre, box: Outbox) -> None:
    for first, last in box.untold(100):
        centre.given_up[box.epoch].update(range(first, last + 1))


def create_act(name: str, *numbers: tuple[int, int]) -> st.SearchStrategy[tuple[str, tuple[int, ...]]]:
    """Numbers of these bounds; the first says which of the two."""
    return st.tuples(st.just(name), st.tuples(st.integers(0, 1), *(st.integers(*bounds) for bounds in numbers)))


ACTS = st.lists(
    st.one_of(
        create_act("put", (1, 4)),
        create_act("overflow"),
        create_act("send", (1, 5), (0, 8)),
        create_act("give up"),
        create_act("tell"),
        create_act("hear", (0, 3)),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(ancestors=st.integers(0, 5), acts=ACTS)
def test_whatever_comes_first_all_of_both_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, ancestors: int, acts: list[tuple[str, tuple[int, ...]]]
) -> None:
    """But what every outbox that had it gave up."""
    maker = Maker()
    common = maker.several(ancestors)
    twins = create_twins(tmp_path_factory.mktemp("twins") / "card", common)
    had = [set(map(key_of, common)) for _ in twins]
    gave_up: list[set[Key]] = [set() for _ in twins]
    centre, told = Centre(), list[Receipt]()

    def put(which: int, readings: list[Reading]) -> None:
        before = waiting(twins[which])
        twins[which].put(readings)
        had[which].update(map(key_of, readings))
        gave_up[which] |= before - waiting(twins[which])

    for act, (which, *numbers) in acts:
        box = twins[which]
        if act == "put":
            put(which, maker.several(numbers[0]))
        elif act == "overflow":
            put(which, [maker.later()])
        elif act == "send":
            send(centre, box, numbers[1], numbers[0])
        elif act == "give up":
            tell_given_up(centre, box)
        elif act == "tell":
            told.append(centre.receipt(box.epoch))
        elif told:
            box.forget(told[-1 - numbers[0] % len(told)])  # late, doubled, out of order
    settle(centre, twins)
    for which, box in enumerate(twins):
        if box.backlog().rows:  # nothing told whose it was; the next reading does
            put(which, maker.several(1))
    settle(centre, twins)
    assert [box.backlog().rows for box in twins] == [0, 0]
    assert [box.batch(0, 9) for box in twins] == [[], []]
    for which in range(len(twins)):
        assert had[which] - gave_up[which] <= centre.rows.keys(), "lost"
    for box in twins:
        box.close()


def waiting(box: Outbox) -> set[Key]:
    return {key_of(row.reading) for row in box.batch(0, 1000)}


def settle(centre: Centre, twins: tuple[Outbox, Outbox]) -> None:
    for _ in range(12):
        for box in twins:
            after = 0
            tell_given_up(centre, box)
            while rows := box.batch(after, 3):
                send(centre, box, after, 3)
                after = rows[-1].number
            for other in twins:
                other.forget(centre.receipt(box.epoch))


class Maker:
    """Makes measurements and values of a sensor by turns, each but once."""

    def __init__(self) -> None:
        self.made = 0
        self.months = 0

    def several(self, count: int) -> list[Reading]:
        made = [
            create_record(place) if place % 2 else create_humidity(place)
            for place in range(self.made, self.made + count)
        ]
        self.made += count
        return made

    def later(self) -> Reading:
        """For which all values of sensors that still wait are too old."""
        self.months += 1
        return create_humidity(self.months * 31 * 24 * 60)


def create_humidity(minute: int) -> Reading:
    at = BEGAN + timedelta(minutes=minute)
    return Reading(
        device="ble:C0:FF:EE:00:00:03",
        metric=Metric.HUMIDITY,
        value=60.0,
        unit=Unit.PERCENT,
        measured_at=at,
        received_at=at,
    )


def test_a_receipt_for_the_others_numbers_takes_nothing(tmp_path: Path, create_reading: ReadingMaker) -> None:
    """The other was heard first: what this one has under the same numbers goes again, under an epoch of its own."""
    one, other = create_twins(tmp_path / "card", [create_reading(1), create_reading(2)])
    shared = one.epoch
    centre = Centre()
    one.put([create_reading(10)])
    other.put([create_reading(20)])
    send(centre, one, 0, 10)
    receipt = centre.receipt(shared)
    assert one.forget(receipt) == 3
    assert other.forget(receipt) == 0
    assert (one.epoch, other.epoch == shared) == (shared, False)
    assert [row.reading for row in other.batch(0, 9)] == [create_reading(1), create_reading(2), create_reading(20)]
    again = other.epoch
    other.forget(receipt)
    assert other.epoch == again, "once is enough"
    one.close()
    other.close()


def test_what_was_kept_on_an_older_centres_word_comes_back(tmp_path: Path, create_reading: ReadingMaker) -> None:
    one, other = create_twins(tmp_path / "card", [])
    one.put([create_reading(1), create_reading(2)])
    other.put([create_reading(5), create_reading(6)])
    assert other.forget(Receipt(epoch=other.epoch, through=1)) == 1
    (last,) = one.batch(1, 1)
    link = next_link(last.before, digest_of(last.reading))
    other.forget(Receipt(epoch=other.epoch, through=2, links=((2, link),)))
    assert [row.reading for row in other.batch(0, 9)] == [create_reading(5), create_reading(6)]
    assert (other.backlog().rows, other.kept()) == (2, 0)
    one.close()
    other.close()


def test_readings_above_the_highest_hash_wait_and_what_was_given_up_is_settled(
    outbox: Outbox, create_reading: ReadingMaker
) -> None:
    outbox.put([create_reading(place) for place in range(6)])
    link = outbox.batch(3, 1)[0].before
    assert outbox.forget(Receipt(epoch=outbox.epoch, through=5, links=((3, link),))) == 3
    assert [row.number for row in outbox.batch(0, 9)] == [4, 5, 6]


def test_where_a_full_outbox_left_no_hash_to_compare_the_others_receipt_takes_nothing(tmp_path: Path) -> None:
    one, other = create_twins(tmp_path / "card", [])
    centre = Centre()
    for box, minute in ((one, 0), (other, 10)):
        box.put([create_record(minute), *(create_humidity(minute + place) for place in range(4))])
    send(centre, one, 0, 4)
    other.put([create_humidity(31 * 24 * 60)])
    assert [row.number for row in other.batch(0, 9)] == [1, 6], "its own 2 to 5 were given up"
    assert other.forget(centre.receipt(other.epoch)) == 0
    assert other.kept() == 0
    assert other.backlog().rows == 2
    settle(centre, (one, other))
    assert key_of(create_record(10)) in centre.rows
    one.close()
    other.close()


def test_an_outbox_alone_is_believed_again_with_its_next_reading(outbox: Outbox) -> None:
    """It gave up all that stood by the hash that the receipt names, after that was stored."""
    centre = Centre()
    outbox.put([create_record(0), *(create_humidity(place) for place in range(1, 5))])
    send(centre, outbox, 0, 4)
    outbox.put([create_humidity(31 * 24 * 60)])
    tell_given_up(centre, outbox)
    assert outbox.forget(centre.receipt(outbox.epoch)) == 0
    send(centre, outbox, 5, 1)
    assert outbox.forget(centre.receipt(outbox.epoch)) == 2
    assert outbox.backlog().rows == 0


def test_what_the_other_gave_up_and_this_one_has_is_sent(tmp_path: Path) -> None:
    one, other = create_twins(tmp_path / "card", [create_humidity(0), create_record(1), create_record(2)])
    centre = Centre()
    one.put([create_humidity(31 * 24 * 60)])
    assert one.untold(9) == ((1, 1),)
    tell_given_up(centre, one)
    send(centre, one, 1, 2)
    receipt = centre.receipt(one.epoch)
    assert (receipt.through, receipt.given_up) == (3, ((1, 1),))
    assert other.forget(receipt) == 2
    assert [row.number for row in other.batch(0, 9)] == [1]
    send(centre, other, 0, 1)
    assert other.forget(centre.receipt(other.epoch)) == 1
    assert key_of(create_humidity(0)) in centre.rows
    one.close()
    other.close()


def test_a_restored_database_that_knows_another_gateway_gets_what_was_proven_to_the_one_before(
    tmp_path: Path, create_reading: ReadingMaker
) -> None:
    one, other = create_twins(tmp_path / "card", [create_reading(1), create_reading(2)])
    centre = Centre()
    send(centre, other, 0, 9)
    assert other.forget(replace(centre.receipt(other.epoch), store=1)) == 2
    one.put([create_reading(10)])
    other.put([create_reading(20)])
    restored = Centre()
    send(restored, one, 2, 1)
    other.forget(replace(restored.receipt(one.epoch), store=2))
    assert other.epoch != one.epoch
    assert [row.reading for row in other.batch(0, 9)] == [create_reading(place) for place in (1, 2, 20)]
    assert other.store == 2
    one.close()
    other.close()
