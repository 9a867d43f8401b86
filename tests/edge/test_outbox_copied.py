"""Two live gateways from one card: nothing of either is lost or doubled, whatever comes first."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.readings.chain.forks import contradicts, links_of
from cloud.readings.model import Delivery
from cloud.readings.receipt import Span, receipt_of, to_be_named
from edge.outbox import Numbered, Outbox
from protocols.reading import Reading, record_key
from protocols.telemetry.chain import digest_of, next_link
from protocols.telemetry.messages import Receipt
from tests.edge.conftest import ReadingMaker, create_record


@dataclass
class Centre:
    """What the ingester does with letters, in memory: places of one outbox are of one chain, records come once."""

    rows: dict[tuple[str, int], Reading] = field(default_factory=dict)
    held: dict[int, set[int]] = field(default_factory=dict)
    heads: dict[int, dict[int, bytes]] = field(default_factory=dict)

    def take(self, epoch: int, rows: list[Numbered]) -> None:
        delivery = create_delivery(epoch, rows)
        held, heads = self.held.setdefault(epoch, set()), self.heads.setdefault(epoch, {})
        links = links_of(delivery)
        if contradicts(links, heads) or set(delivery.numbers) <= held:
            return
        for row in rows:
            self.rows.setdefault((row.reading.device, record_key(row.reading)), row.reading)
        held.update(delivery.numbers)
        last = rows[-1].number
        heads |= {rows[0].number - 1: links[rows[0].number - 1], last: links[last]}

    def receipt(self, epoch: int) -> Receipt:
        runs: list[Span] = []
        for number in sorted(self.held.get(epoch, ())):
            runs = [*runs[:-1], (runs[-1][0], number)] if runs and runs[-1][1] + 1 == number else [*runs, (number,) * 2]
        receipt = receipt_of(epoch, runs)
        heads = self.heads.get(epoch, {})
        named = [max(n for n in heads if first <= n <= last) for first, last in to_be_named(receipt, runs)]
        return Receipt(
            epoch=epoch, through=receipt.through, beyond=receipt.beyond, links=tuple((n, heads[n]) for n in named)
        )


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


def create_act(name: str, *numbers: tuple[int, int]) -> st.SearchStrategy[tuple[str, tuple[int, ...]]]:
    """Numbers of these bounds; the first says which of the two."""
    return st.tuples(st.just(name), st.tuples(st.integers(0, 1), *(st.integers(*bounds) for bounds in numbers)))


ACTS = st.lists(
    st.one_of(
        create_act("put", (1, 4)), create_act("send", (1, 5), (0, 8)), create_act("tell"), create_act("hear", (0, 3))
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(ancestors=st.integers(0, 5), acts=ACTS)
def test_whatever_comes_first_all_of_both_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, ancestors: int, acts: list[tuple[str, tuple[int, ...]]]
) -> None:
    maker = Maker()
    twins = create_twins(tmp_path_factory.mktemp("twins") / "card", maker.several(ancestors))
    centre, told = Centre(), list[Receipt]()
    for act, (which, *numbers) in acts:
        box = twins[which]
        if act == "put":
            box.put(maker.several(numbers[0]))
        elif act == "send":
            send(centre, box, numbers[1], numbers[0])
        elif act == "tell":
            told.append(centre.receipt(box.epoch))
        elif told:
            box.forget(told[-1 - numbers[0] % len(told)])  # late, doubled, out of order
    for _ in range(12):
        for box in twins:
            after = 0
            while rows := box.batch(after, 3):
                send(centre, box, after, 3)
                after = rows[-1].number
            for other in twins:
                other.forget(centre.receipt(box.epoch))
    assert [box.backlog().rows for box in twins] == [0, 0]
    assert [box.batch(0, 9) for box in twins] == [[], []]
    assert sorted(r.sequence or 0 for r in centre.rows.values()) == list(range(maker.made)), "lost"
    for box in twins:
        box.close()


class Maker:
    """Makes records, each but once."""

    def __init__(self) -> None:
        self.made = 0

    def several(self, count: int) -> list[Reading]:
        made = [create_record(place) for place in range(self.made, self.made + count)]
        self.made += count
        return made


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
