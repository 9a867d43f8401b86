"""The ingester's connection over a real broker: what comes is heard within a bound, and what is said arrives."""

import queue
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cloud.local.broker import LocalBroker
from cloud.mqtt import Letter, Subscriber
from cloud.readings.intake import WINDOW, Intake
from tests.bench._street import Street, encode_publish

pytestmark = pytest.mark.integration

WITHIN_S = 20.0
PUBACK = 0x40
FILTER = "$share/ingest/doorstep/v1/+/readings"


class Reader:
    """An intake, what it heard, and what was told of its connection."""

    def __init__(self, url: str) -> None:
        self.letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.intake = Intake(url, (FILTER,), self.letters.put, self.told.put)

    def take(self, count: int) -> list[Letter]:
        return [self.letters.get(timeout=WITHIN_S) for _ in range(count)]

    def hears_nothing(self, for_s: float) -> bool:
        try:
            self.letters.get(timeout=for_s)
        except queue.Empty:
            return True
        return False


@pytest.fixture
def reader(broker: LocalBroker) -> Iterator[Reader]:
    reader = Reader(broker.url)
    with reader.intake:
        assert reader.told.get(timeout=WITHIN_S)
        yield reader


@pytest.fixture
def home(broker: LocalBroker) -> Iterator[Subscriber]:
    with Subscriber(broker.url, "home") as home:
        assert home.wait_connected(WITHIN_S)
        yield home


def send(home: Subscriber, first: int, count: int) -> None:
    sent = [home.publish(f"doorstep/v1/gw-{n % 7}/readings", b"%d" % n) for n in range(first, first + count)]
    assert all(publication.wait(WITHIN_S) for publication in sent)


def numbers(letters: list[Letter]) -> list[int]:
    return sorted(int(letter.payload) for letter in letters)


def test_letters_come_whole_and_in_order(reader: Reader, home: Subscriber) -> None:
    payload = bytes(range(256)) * 1000
    for part in (b"", b"small", payload):
        assert home.publish("doorstep/v1/gw-1/readings", part).wait(WITHIN_S)
    letters = reader.take(3)
    assert [letter.payload for letter in letters] == [b"", b"small", payload]
    assert {letter.topic for letter in letters} == {"doorstep/v1/gw-1/readings"}


def test_the_window_bounds_what_is_in_hand(broker: LocalBroker, reader: Reader) -> None:
    street = Street(broker.url)
    street.send([encode_publish(n, f"doorstep/v1/gw-{n % 7}/readings", b"%d" % n) for n in range(1, WINDOW + 51)])
    street.close()
    letters = reader.take(WINDOW)
    assert reader.hears_nothing(0.3)
    reader.intake.acknowledge(letters)
    assert numbers(letters + reader.take(50)) == list(range(1, WINDOW + 51))


class HastyBroker(threading.Thread):
    """Sends all it has without waiting for an answer, as Mosquitto 2.0 may; its numbers begin anew."""

    def __init__(self, count: int) -> None:
        super().__init__(daemon=True)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.numbers = [place % 65_535 + 1 for place in range(count)]
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        self.answered: list[int] = []
        """Numbers of the PUBACK packets that came."""

    def run(self) -> None:
        line, _ = self._server.accept()
        with self._server, line:
            line.recv(4096)  # CONNECT
            line.sendall(b"\x20\x03\x00\x00\x00")
            subscribe = line.recv(4096)
            line.sendall(b"\x90\x04" + subscribe[2:4] + b"\x00\x01")
            sending = threading.Thread(
                target=line.sendall, args=(b"".join(map(hasty_letter, self.numbers)),), daemon=True
            )
            sending.start()
            with line.makefile("rb") as heard:
                while len(self.answered) < len(self.numbers):
                    kind, length = heard.read(2)
                    body = heard.read(length)
                    if kind == PUBACK:
                        self.answered.append(int.from_bytes(body))
            sending.join(WITHIN_S)


def hasty_letter(number: int) -> bytes:
    body = b"\x00\x01t" + number.to_bytes(2, "big") + b"\x00" + bytes(100)
    return bytes([0x32, len(body)]) + body


def test_a_broker_that_runs_ahead_is_held_up_and_answered_in_its_order() -> None:
    broker = HastyBroker(150_000)
    broker.start()
    reader = Reader(broker.url)
    most_in_a_piece = (1 << 17) // len(hasty_letter(1)) + 1
    with reader.intake:
        for _ in range(15):
            letters = reader.take(10_000)
            assert reader.letters.qsize() <= WINDOW + most_in_a_piece - len(letters)
            random.Random(1).shuffle(letters)
            reader.intake.acknowledge(letters)
        broker.join(WITHIN_S)
    assert broker.answered == broker.numbers


def test_two_share_what_comes(broker: LocalBroker, reader: Reader, home: Subscriber) -> None:
    second = Reader(broker.url)
    with second.intake:
        assert second.told.get(timeout=WITHIN_S)
        send(home, 1, 400)
        mine = reader.take(100)
        theirs = second.take(100)
        rest: list[Letter] = []
        while len(mine) + len(theirs) + len(rest) < 400:
            for one in (reader, second):
                while not one.letters.empty():
                    rest.append(one.letters.get())
        assert numbers([*mine, *theirs, *rest]) == list(range(1, 401))


def test_more_than_the_broker_takes_at_once_arrives(broker: LocalBroker, reader: Reader) -> None:
    """A broker of MQTT 5 cuts off who sends more unanswered than its Receive Maximum."""
    heard: queue.SimpleQueue[Letter] = queue.SimpleQueue()
    with Subscriber(broker.url, "listener", ("doorstep/v1/+/receipt",), heard.put) as listener:
        assert listener.wait_connected(WITHIN_S)
        reader.intake.publish([(f"doorstep/v1/gw-{n}/receipt", b"%d" % n) for n in range(12_000)])
        assert sorted(int(heard.get(timeout=WITHIN_S).payload) for _ in range(12_000)) == list(range(12_000))
    assert reader.told.empty()  # never cut off


def test_what_is_said_by_many_threads_arrives(broker: LocalBroker, reader: Reader) -> None:
    heard: queue.SimpleQueue[Letter] = queue.SimpleQueue()

    def say(thread: int) -> None:
        for n in range(100):
            reader.intake.publish([("doorstep/v1/gw-1/receipt", b"%d" % (thread * 100 + n))])

    with Subscriber(broker.url, "listener", ("doorstep/v1/+/receipt",), heard.put) as listener:
        assert listener.wait_connected(WITHIN_S)
        threads = [threading.Thread(target=say, args=(thread,), daemon=True) for thread in range(4)]
        for thread in threads:
            thread.start()
        assert sorted(int(heard.get(timeout=WITHIN_S).payload) for _ in range(400)) == list(range(400))


def test_a_broker_that_goes_and_comes(broker: LocalBroker, reader: Reader, home: Subscriber) -> None:
    send(home, 1, 10)
    old = reader.take(10)
    broker.kill()
    assert reader.told.get(timeout=WITHIN_S) is False
    broker.restart()
    assert reader.told.get(timeout=WITHIN_S) is True
    assert home.wait_connected(WITHIN_S)
    send(home, 11, 10)
    new = reader.take(10)
    reader.intake.acknowledge(old)  # of a connection that is gone: says nothing
    reader.intake.acknowledge(new)
    assert numbers(new) == list(range(11, 21))


def test_the_end_of_a_connection_is_soon_and_leaves_nothing_open(broker: LocalBroker) -> None:
    reader = Reader(broker.url)
    with ExitStack() as parts:
        parts.enter_context(reader.intake)
        assert reader.told.get(timeout=WITHIN_S)
    assert reader.told.get(timeout=WITHIN_S) is False
    assert not reader.intake._thread.is_alive()


def test_a_broker_that_is_not_there_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reader = Reader(f"mqtt://127.0.0.1:{port}")
    with reader.intake:
        assert reader.hears_nothing(0.1)
    assert not reader.intake._thread.is_alive()
    assert reader.told.empty()
