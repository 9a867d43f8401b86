"""The centre's MQTT connection over a real broker."""

import queue

import pytest

from cloud.local.broker import LocalBroker
from cloud.mqtt import Letter, Subscriber

pytestmark = pytest.mark.integration

WITHIN_S = 20.0


def test_a_letter_that_nobody_can_open_does_not_end_the_connection(broker: LocalBroker) -> None:
    opened: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def on_letter(letter: Letter) -> None:
        if letter.payload == b"poison":
            raise RecursionError("a fault of the one who hears")
        opened.put(letter.payload)

    with Subscriber(broker.url, "test", ["letters"], on_letter) as subscriber:
        assert subscriber.wait_connected(WITHIN_S)
        for payload in (b"poison", b"the next"):
            assert subscriber.publish("letters", payload).wait(WITHIN_S)
        assert opened.get(timeout=WITHIN_S) == b"the next"
