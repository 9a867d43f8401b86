"""Receipts wait a moment for their successors, and go at once where that would keep a home waiting."""

import queue
import time
from collections.abc import Iterable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.readings.signing import ReceiptSigner
from cloud.readings.telling import LINGER_S, Telling
from protocols.telemetry.messages import Receipt, decode
from protocols.telemetry.signed_receipt import is_signed_by

WITHIN_S = 10.0
GENERATION = 5


class Home:
    """Hears what is published: when, to whom, and which receipt."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[tuple[float, str, Receipt]] = queue.SimpleQueue()
        self.posts = 0

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        self.posts += 1
        for topic, payload in messages:
            receipt = decode(Receipt, payload)
            gateway = topic.split("/")[2]
            assert is_signed_by(gateway, receipt, receipt.key)
            self.heard.put((time.monotonic(), gateway, receipt))

    def take(self) -> tuple[float, str, Receipt]:
        return self.heard.get(timeout=WITHIN_S)


@pytest.fixture
def home() -> Home:
    return Home()


@pytest.fixture
def telling(home: Home) -> Iterator[Telling]:
    with Telling(ReceiptSigner(Ed25519PrivateKey.generate()), home.publish) as telling:
        yield telling


def create_receipt(through: int, epoch: int = 7) -> Receipt:
    return Receipt(epoch=epoch, through=through)


def never(_gateway: str) -> bool:
    return False


def always(_gateway: str) -> bool:
    return True


def test_of_an_outbox_only_the_newest_goes_after_a_while(telling: Telling, home: Home) -> None:
    began = time.monotonic()
    for through in (20, 40, 60):
        telling.tell([("gw-1", create_receipt(through)), ("gw-2", create_receipt(through))], GENERATION, never)
    heard = [home.take(), home.take()]
    assert sorted((gateway, receipt.through, receipt.store) for _, gateway, receipt in heard) == [
        ("gw-1", 60, GENERATION),
        ("gw-2", 60, GENERATION),
    ]
    assert all(at - began >= LINGER_S * 0.9 for at, _, _ in heard)
    assert home.posts == 1
    assert home.heard.empty()


def test_who_has_much_under_way_gets_it_at_once_and_nobody_elses_is_hastened(telling: Telling, home: Home) -> None:
    began = time.monotonic()
    telling.tell([("gw-1", create_receipt(1)), ("gw-2", create_receipt(1))], GENERATION, lambda home: home == "gw-2")
    at, gateway, _ = home.take()
    assert gateway == "gw-2"
    assert at - began < LINGER_S / 2
    at, gateway, _ = home.take()
    assert gateway == "gw-1"
    assert at - began >= LINGER_S * 0.9


def test_one_that_waits_goes_with_a_hasty_one_of_its_outbox_and_each_epoch_has_its_own(
    telling: Telling, home: Home
) -> None:
    telling.tell([("gw-1", create_receipt(1)), ("gw-1", create_receipt(9, epoch=8))], GENERATION, never)
    telling.tell([("gw-1", create_receipt(2))], GENERATION, always)
    assert home.take()[2].through == 2
    assert (home.take()[2].epoch, home.heard.empty()) == (8, True)


def test_what_waits_at_the_end_is_sent(home: Home) -> None:
    with Telling(ReceiptSigner(Ed25519PrivateKey.generate()), home.publish) as telling:
        telling.tell([("gw-1", create_receipt(3)), ("gw-2", create_receipt(4))], GENERATION, never)
        telling.tell([("gw-2", create_receipt(5))], GENERATION + 1, never)
    assert sorted((gateway, receipt.through, receipt.store) for _, gateway, receipt in (home.take(), home.take())) == [
        ("gw-1", 3, GENERATION),
        ("gw-2", 5, GENERATION + 1),
    ]


def test_a_failure_is_told_to_who_tells_next() -> None:
    def fail(_messages: Iterable[tuple[str, bytes]]) -> None:
        raise ValueError("no line")

    with Telling(ReceiptSigner(Ed25519PrivateKey.generate()), fail) as telling:
        telling.tell([("gw-1", create_receipt(1))], GENERATION, always)
        telling._thread.join(WITHIN_S)
        with pytest.raises(ValueError, match="no line"):
            telling.tell([("gw-1", create_receipt(2))], GENERATION, always)
