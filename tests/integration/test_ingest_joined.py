"""A second ingester joins while homes send, the first is killed: all is stored once, and every home has its receipt.

Real processes behind the shared subscription; homes that send what has no receipt again, as an outbox does.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.mqtt import Letter, Subscriber
from protocols.simulated_time import TimeScale
from protocols.telemetry.messages import ReadingsMessage, Receipt, decode, encode
from protocols.telemetry.topics import READINGS, RECEIPT, gateway_of, topic
from tests.integration.test_ingest_store import CUFF, EPOCH, NOW, create_record, one, populate

pytestmark = pytest.mark.integration

WITHIN_S = 60.0
A_MESSAGE = 5
_HOMES = 8
_IN_HAND = 40
"""Readings that a home has out at once."""
_AGAIN_S = 1.0


class Outbox:
    """What one gateway has not got a receipt for."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.taken = 0
        self.through = 0
        self.sent_at: dict[int, float] = {}
        """By the first number of a message."""

    def due(self, now: float, more: bool) -> list[int]:
        """First numbers of the messages to send: new ones where there is room, and those that nobody answered."""
        while more and self.taken - self.through < _IN_HAND:
            self.sent_at[self.taken + 1] = float("-inf")
            self.taken += A_MESSAGE
        found = [first for first, at in self.sent_at.items() if now - at > _AGAIN_S]
        self.sent_at.update(dict.fromkeys(found, now))
        return found

    def take(self, receipt: Receipt) -> None:
        self.through = max(self.through, receipt.through)
        held = [(1, self.through), *receipt.beyond]
        for first in list(self.sent_at):
            if any(low <= first and first + A_MESSAGE - 1 <= high for low, high in held):
                del self.sent_at[first]


class Street:
    """Homes that send as long as they are told to, and until all of it has receipts."""

    def __init__(self, url: str) -> None:
        self.outboxes = {name: Outbox(name) for name in [f"gw-{number}" for number in range(1, _HOMES + 1)]}
        self._receipts: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self._line = Subscriber(url, "street", ["doorstep/v1/+/" + RECEIPT], self._receipts.put)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Street":
        self._line.start()
        assert self._line.wait_connected(WITHIN_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(WITHIN_S)
        self._line.stop()

    def finish(self) -> bool:
        """Nothing new any more; whether all of it has its receipt in time."""
        self._enough.set()
        self._thread.join(WITHIN_S)
        return not self._thread.is_alive() and all(box.through == box.taken for box in self.outboxes.values())

    def _run(self) -> None:
        deadline = time.monotonic() + 2 * WITHIN_S
        while time.monotonic() < deadline:
            more = not self._enough.is_set()
            if not more and all(box.through == box.taken for box in self.outboxes.values()):
                return
            for box in self.outboxes.values():
                for first in box.due(time.monotonic(), more):
                    self._send(box.gateway, first)
            try:
                letter = self._receipts.get(timeout=0.05)
            except queue.Empty:
                continue
            self.outboxes[gateway_of(letter.topic)].take(decode(Receipt, letter.payload))

    def _send(self, gateway: str, first: int) -> None:
        readings = tuple(create_record(number) for number in range(first, first + A_MESSAGE))
        message = ReadingsMessage(epoch=EPOCH, first=first, sent_at=NOW, readings=readings)
        self._line.publish(topic(gateway, READINGS), encode(message))


class Ingester:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self._port = port

    def stored(self) -> int:
        """Readings that this process has stored."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=WITHIN_S) as answer:
            lines = answer.read().decode().splitlines()
        return int(next(float(line.split()[1]) for line in lines if line.startswith("doorstep_readings_stored_total")))


@contextmanager
def ingesting(database: str, broker: LocalBroker, folder: Path) -> Iterator[Ingester]:
    port = free_port(0, "127.0.0.1")
    config = folder / "cloud.toml"
    config.write_text(f'data = "{folder}"\n', encoding="utf-8")
    environment = {"DOORSTEP_DSN": database, "DOORSTEP_BROKER": broker.url, "DOORSTEP_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "cloud.cli", "ingest", "--config", str(config)],
        env={**os.environ, **environment, "DOORSTEP_CLOCK": str(TimeScale(NOW, datetime.now(UTC), 1.0))},
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        try:
            while b'"ready"' not in (line := process.stderr.readline()):
                assert line, "the ingester ended before it was ready"
            yield Ingester(process, port)
        finally:
            process.kill()


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        connection.execute(
            "INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-' || n, home_id FROM home, generate_series(2, %s) n",
            (_HOMES,),
        )
        connection.execute(
            "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, %s, 'sphygmomanometer' FROM gateway "
            "WHERE gateway_id <> 'gw-1'",
            (CUFF,),
        )
        yield connection


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def test_one_joins_and_one_is_killed_while_homes_send(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, tmp_path: Path
) -> None:
    with ingesting(database, broker, tmp_path) as first, Street(broker.url) as street:
        until(lambda: first.stored() > 100)
        with ingesting(database, broker, tmp_path) as second:
            until(lambda: second.stored() > 100)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait(WITHIN_S)
            carried = second.stored()
            until(lambda: second.stored() > carried + 100)
            assert street.finish()
            second.process.terminate()
            assert second.process.wait(WITHIN_S) == 0
    taken = sum(outbox.taken for outbox in street.outboxes.values())
    assert taken > 300
    assert one(connection, "SELECT count(*) FROM reading") == taken
    assert one(connection, "SELECT count(DISTINCT (device_id, record_key, metric)) FROM reading") == taken
    assert one(connection, "SELECT count(DISTINCT (gateway_id, outbox_number)) FROM reading") == taken
    assert one(connection, "SELECT count(*) FROM dead_letter") == 0
