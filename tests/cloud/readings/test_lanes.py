"""Lanes: one gateway's letters stay in order and in one lane; batches are bounded, and wait a little for company."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cloud.mqtt import Letter
from cloud.readings.lanes import Lanes

WITHIN_S = 10.0


def create_letter(gateway: int, number: int, size: int = 100) -> Letter:
    return Letter(f"doorstep/v1/gw-{gateway}/readings", bytes(size), False, (1, number))


class Store:
    """Takes batches and remembers them, with the thread that brought each."""

    def __init__(self) -> None:
        self.batches: queue.SimpleQueue[tuple[str, list[Letter]]] = queue.SimpleQueue()
        self.thread_of: dict[str, set[int]] = {}

    def settle(self, letters: list[Letter]) -> None:
        for letter in letters:
            self.thread_of.setdefault(letter.topic, set()).add(threading.get_ident())
        self.batches.put((threading.current_thread().name, letters))

    def take(self, count: int) -> list[list[Letter]]:
        """Batches until they hold `count` letters."""
        found: list[list[Letter]] = []
        while sum(len(batch) for batch in found) < count:
            found.append(self.batches.get(timeout=WITHIN_S)[1])
        return found


@pytest.fixture
def store() -> Store:
    return Store()


@contextmanager
def driven(lanes: Lanes, store: Store) -> Iterator[None]:
    stop = threading.Event()
    driver = threading.Thread(target=lanes.drive, args=(stop, store.settle), daemon=True)
    driver.start()
    try:
        yield
    finally:
        stop.set()
        driver.join(WITHIN_S)
    assert not driver.is_alive()


def test_a_gateways_letters_keep_their_order_on_one_thread(store: Store) -> None:
    lanes = Lanes(count=3, most_readings=20, linger_s=0.01)
    with driven(lanes, store):
        for number in range(1, 301):
            lanes.put(create_letter(number % 10, number))
        letters = [letter for batch in store.take(300) for letter in batch]
    assert sorted(letter.place[1] for letter in letters) == list(range(1, 301))
    for gateway in range(10):
        numbers = [letter.place[1] for letter in letters if letter.topic == create_letter(gateway, 0).topic]
        assert numbers == sorted(numbers)
    assert all(len(threads) == 1 for threads in store.thread_of.values())


def test_status_and_readings_of_a_gateway_share_a_lane(store: Store) -> None:
    lanes = Lanes(count=8, most_readings=1000, linger_s=0.01)
    reading = create_letter(1, 1)
    status = reading._replace(topic="doorstep/v1/gw-1/status")
    lanes.put(reading)
    lanes.put(status)
    with driven(lanes, store):
        assert store.take(2) == [[reading, status]]


def test_a_batch_ends_at_its_bound(store: Store) -> None:
    lanes = Lanes(count=1, most_readings=10, linger_s=5.0)  # ten readings are counted as 2,000 bytes
    for number in range(1, 8):
        lanes.put(create_letter(1, number, size=950))  # 250 of them are the message's own
    with driven(lanes, store):
        assert [len(batch) for batch in store.take(6)] == [3, 3]


def test_small_letters_are_counted_as_a_reading_each(store: Store) -> None:
    lanes = Lanes(count=1, most_readings=10, linger_s=0.01)
    for number in range(1, 13):
        lanes.put(create_letter(1, number, size=400))
    with driven(lanes, store):
        assert [len(batch) for batch in store.take(12)] == [10, 2]


def test_a_letter_larger_than_a_batch_goes_alone(store: Store) -> None:
    lanes = Lanes(count=1, most_readings=10, linger_s=5.0)
    lanes.put(create_letter(1, 1, size=100_000))
    lanes.put(create_letter(1, 2, size=100_000))
    with driven(lanes, store):
        assert [len(batch) for batch in store.take(2)] == [1, 1]


def test_a_lone_letter_waits_no_longer_than_it_may(store: Store) -> None:
    lanes = Lanes(count=1, most_readings=1000, linger_s=0.05)
    with driven(lanes, store):
        began = time.monotonic()
        lanes.put(create_letter(1, 1))
        store.take(1)
        assert 0.05 <= time.monotonic() - began < WITHIN_S


def test_a_lane_that_is_held_up_holds_up_no_other() -> None:
    lanes = Lanes(count=2, most_readings=1, linger_s=0.0)
    gate, passed = threading.Event(), queue.SimpleQueue[str]()

    def settle(letters: list[Letter]) -> None:
        if passed.empty() and not gate.is_set():
            passed.put(letters[0].topic)
            assert gate.wait(WITHIN_S)
        else:
            gate.set()  # another lane came through

    stop = threading.Event()
    driver = threading.Thread(target=lanes.drive, args=(stop, settle), daemon=True)
    driver.start()
    for gateway in range(50):  # some of them in each lane
        lanes.put(create_letter(gateway, 1))
    assert gate.wait(WITHIN_S)
    stop.set()
    driver.join(WITHIN_S)
    assert not driver.is_alive()


def test_what_one_lane_raises_ends_all_and_is_raised() -> None:
    lanes = Lanes(count=4, most_readings=1, linger_s=0.0)

    def settle(letters: list[Letter]) -> None:
        raise OSError(letters[0].topic)

    lanes.put(create_letter(1, 1))
    with pytest.raises(OSError, match="gw-1"):
        lanes.drive(threading.Event(), settle)
