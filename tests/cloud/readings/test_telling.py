"""Receipts wait a moment for their successors, and go at once where that would keep a home waiting."""

import queue
import time
from collections.abc import Iterable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.readings.signing import ReceiptSigner
from cloud.readings.telling import LINGER_S, MANY, Telling
from protocols.telemetry.messages import Receipt, decode
from protocols.telemetry.signed_receipt import is_signed_by

WITHIN_S = 10.0
GENERATION = 5


class Home:
    """Hears what is published: when, to whom, and which receipt."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[tuple[float, str, Receipt]] = queue.SimpleQueue()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
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


def test_who_was_not_told_lately_is_told_at_once_and_then_only_the_newest_after_a_while(
    telling: Telling, home: Home
) -> None:
    began = time.monotonic()
    telling.tell([("gw-1", create_receipt(20))], GENERATION, {"gw-1": 1})
    at, gateway, receipt = home.take()
    assert (gateway, receipt.through, receipt.store) == ("gw-1", 20, GENERATION)
    assert at - began < LINGER_S / 2
    for through in (40, 60, 80):
        telling.tell([("gw-1", create_receipt(through))], GENERATION, {"gw-1": 1})
    at, _, receipt = home.take()
    assert receipt.through == 80
    assert at - began >= LINGER_S * 0.9
    assert home.heard.empty()


def test_a_backlog_does_not_wait_and_hastens_nobody_else(telling: Telling, home: Home) -> None:
    telling.tell([("gw-1", create_receipt(1)), ("gw-2", create_receipt(1))], GENERATION, {"gw-1": 1, "gw-2": 1})
    began = max(home.take()[0], home.take()[0])
    for through in (2, 3):
        letters = {"gw-1": 1, "gw-2": MANY // 2}
        telling.tell([("gw-1", create_receipt(through)), ("gw-2", create_receipt(through))], GENERATION, letters)
    at, gateway, receipt = home.take()
    assert (gateway, receipt.through) == ("gw-2", 3)
    assert at - began < LINGER_S / 2
    at, gateway, receipt = home.take()
    assert (gateway, receipt.through) == ("gw-1", 3)
    assert at - began >= LINGER_S * 0.9


def test_who_asks_is_answered_and_each_epoch_has_its_own(telling: Telling, home: Home) -> None:
    for through in (1, 2):
        telling.tell([("gw-1", create_receipt(through)), ("gw-1", create_receipt(9, epoch=8))], GENERATION, {})
        assert sorted(home.take()[2].through for _ in range(2)) == [through, 9]


def test_what_waits_at_the_end_is_sent(home: Home) -> None:
    with Telling(ReceiptSigner(Ed25519PrivateKey.generate()), home.publish) as telling:
        telling.tell([("gw-1", create_receipt(1)), ("gw-2", create_receipt(1))], GENERATION, {"gw-1": 1, "gw-2": 1})
        assert {home.take()[1], home.take()[1]} == {"gw-1", "gw-2"}
        telling.tell([("gw-1", create_receipt(3))], GENERATION, {"gw-1": 1})
        telling.tell([("gw-2", create_receipt(5))], GENERATION + 1, {"gw-2": 1})
    assert sorted((gateway, receipt.through, receipt.store) for _, gateway, receipt in (home.take(), home.take())) == [
        ("gw-1", 3, GENERATION),
        ("gw-2", 5, GENERATION + 1),
    ]


def test_a_failure_is_told_to_who_tells_next() -> None:
    def fail(_messages: Iterable[tuple[str, bytes]]) -> None:
        raise ValueError("no line")

    with Telling(ReceiptSigner(Ed25519PrivateKey.generate()), fail) as telling:
        telling.tell([("gw-1", create_receipt(1))], GENERATION, {})
        telling._thread.join(WITHIN_S)
        with pytest.raises(ValueError, match="no line"):
            telling.tell([("gw-1", create_receipt(2))], GENERATION, {})
