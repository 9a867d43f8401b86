"""The ingest loop over a real broker and a real database, killed and cut off on the way."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cloud.clock import Clock
from cloud.config import Broker, CloudConfig, Database
from cloud.local.broker import LocalBroker
from cloud.mqtt import Letter, Subscriber
from cloud.process import Process
from cloud.readings.worker import work
from protocols.simulated_time import TimeScale
from protocols.telemetry.messages import ReadingsMessage, Receipt, StatusMessage, decode, encode
from protocols.telemetry.signed_receipt import is_signed_by
from protocols.telemetry.topics import READINGS, RECEIPT, STATUS, topic
from tests.integration.test_ingest_store import EPOCH, NOW, create_record, one, populate, wear

pytestmark = pytest.mark.integration

WITHIN_S = 20.0


class Home:
    """A gateway's side of the wire: sends readings, hears receipts."""

    def __init__(self, url: str) -> None:
        self._receipts: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.line = Subscriber(url, "home", [topic("gw-1", RECEIPT)], self._receipts.put)

    def send(self, first: int, count: int, *, epoch: int = EPOCH) -> None:
        readings = tuple(create_record(number) for number in range(first, first + count))
        self.say(READINGS, encode(ReadingsMessage(epoch=epoch, first=first, sent_at=NOW, readings=readings)))

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> None:
        assert self.line.publish(topic("gw-1", channel), payload, retain=retain).wait(WITHIN_S)

    def receipt(self, within_s: float = WITHIN_S) -> Receipt:
        """The next one; it is signed for this home."""
        receipt = decode(Receipt, self._receipts.get(timeout=within_s).payload)
        assert is_signed_by("gw-1", receipt, receipt.key)
        return receipt

    def hears_nothing(self, for_s: float) -> bool:
        try:
            self._receipts.get(timeout=for_s)
        except queue.Empty:
            return True
        return False

    def receipts_until(self, through: int) -> None:
        deadline = time.monotonic() + WITHIN_S
        while self.receipt(deadline - time.monotonic()).through < through:
            pass


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(database, autocommit=True) as connection:
        populate(connection)
        wear(connection, "ble:C0:FF:EE:00:01:02", "elder-1")
        yield connection


@pytest.fixture
def home(broker: LocalBroker) -> Iterator[Home]:
    home = Home(broker.url)
    with home.line:
        assert home.line.wait_connected(WITHIN_S)
        yield home


def create_process(database: str, broker: LocalBroker) -> Process:
    config = CloudConfig(data=str(broker._folder), database=Database(dsn=database), broker=Broker(url=broker.url))
    return Process("ingest", config, Clock(TimeScale(NOW, NOW, 1.0)))


@contextmanager
def working(process: Process) -> Iterator[None]:
    """The loop on a thread; it must end in peace."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work(process)
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run, name="ingest-under-test", daemon=True)
    thread.start()
    try:
        until(lambda: process.health.report()[0] or b'"broker":"ok"' in process.health.report()[1])
        yield
    finally:
        process.ask_to_stop()
        thread.join(WITHIN_S)
    assert not thread.is_alive()
    assert failures == []


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that the other side does and nobody announces."""
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_readings_are_stored_and_receipted(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home
) -> None:
    with working(create_process(database, broker)):
        for first in range(1, 1001, 50):
            home.send(first, 50)
        home.receipts_until(1000)
        assert one(connection, "SELECT count(*) FROM reading") == 1000
        assert one(connection, "SELECT count(*) FROM reading WHERE elder_id IS NULL") == 0


def test_no_receipt_before_commit(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home
) -> None:
    with working(create_process(database, broker)):
        home.send(1, 10)
        home.receipts_until(10)
        with connection.transaction():  # holds the stream's row, which is written last before COMMIT
            connection.execute("SELECT 1 FROM outbox_stream FOR UPDATE")
            home.send(11, 10)
            until(lambda: _is_waiting(database))
            assert home.hears_nothing(0.3)
        home.receipts_until(20)


def test_a_poisonous_letter_stops_nothing(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home
) -> None:
    with working(create_process(database, broker)):
        home.say(READINGS, b"\x00\xff not json")
        home.say(STATUS, b"{}")
        home.send(1, 10)
        home.receipts_until(10)
        until(lambda: one(connection, "SELECT count(*) FROM dead_letter") == 2)
    found = connection.execute("SELECT topic, payload FROM dead_letter ORDER BY topic").fetchall()
    assert found == [("doorstep/v1/gw-1/readings", b"\x00\xff not json"), ("doorstep/v1/gw-1/status", b"{}")]


def test_what_only_the_database_refuses_is_buried_alone(
    database: str,
    connection: psycopg.Connection[tuple[Any, ...]],
    broker: LocalBroker,
    home: Home,
) -> None:
    connection.execute("ALTER TABLE reading ADD CHECK (value <> 131)")  # a gap in our own checks
    process = create_process(database, broker)
    with connection.transaction():
        connection.execute("LOCK TABLE reading")  # so that all of them come in few batches
        parts = ExitStack()
        parts.enter_context(working(process))
        for number in (10, 11, 12):
            home.send(number, 1, epoch=number)
        until(lambda: _is_waiting(database))
    until(lambda: one(connection, "SELECT count(*) FROM reading") == 2)
    until(lambda: one(connection, "SELECT count(*) FROM dead_letter") == 1)
    parts.close()
    reason = one(connection, "SELECT reason FROM dead_letter")
    assert reason.startswith("refused by the database: new row for relation")
    assert one(connection, "SELECT count(*) FROM outbox_stream") == 2


def test_a_home_that_falls_silent_is_seen(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home
) -> None:
    home.say(STATUS, encode(StatusMessage(online=True, at=NOW, backlog_rows=3)), retain=True)
    with working(create_process(database, broker)):  # hears what was said before it began
        until(lambda: bool(one(connection, "SELECT online FROM gateway")))
        home.say(STATUS, encode(StatusMessage(online=False, at=NOW, reason="connection lost")))
        until(lambda: not one(connection, "SELECT online FROM gateway"))


def test_while_the_database_is_away_nothing_is_lost(
    database: str,
    connection: psycopg.Connection[tuple[Any, ...]],
    broker: LocalBroker,
    home: Home,
) -> None:
    name = conninfo_to_dict(database)["dbname"]
    process = create_process(database, broker)
    with working(process), psycopg.connect(make_conninfo(database, dbname="postgres"), autocommit=True) as server:
        home.send(1, 10)
        home.receipts_until(10)
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )
        home.send(11, 10)
        until(lambda: not process.health.report()[0])
        assert b'"broker":"ok"' in process.health.report()[1]
        assert home.hears_nothing(0.2)
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        home.receipts_until(20)
        until(lambda: process.health.report()[0])


def test_a_broker_that_comes_back_is_found_again(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home
) -> None:
    process = create_process(database, broker)
    with working(process):
        home.send(1, 10)
        home.receipts_until(10)
        broker.kill()
        until(lambda: not process.health.report()[0])
        broker.restart()
        until(lambda: process.health.report()[0])
        assert home.line.wait_connected(WITHIN_S)
        home.send(11, 10)
        home.receipts_until(20)


def test_killed_between_copy_and_commit(
    database: str, connection: psycopg.Connection[tuple[Any, ...]], broker: LocalBroker, home: Home, tmp_path: Path
) -> None:
    """A real process, kill -9 while its transaction holds the rows; another begins; the gateway sends again."""
    home_sends = [(1, 50), (51, 50), (101, 50)]
    with connection.transaction():
        connection.execute("INSERT INTO outbox_stream (gateway_id, epoch) VALUES ('gw-1', %s)", (EPOCH,))
    with ingesting(database, broker, tmp_path) as first:
        with connection.transaction():
            connection.execute("SELECT 1 FROM outbox_stream FOR UPDATE")
            for part in home_sends:
                home.send(*part)
            until(lambda: _is_waiting(database))  # COPY and INSERT are done, COMMIT is not
            first.send_signal(signal.SIGKILL)
            first.wait(WITHIN_S)
        until(lambda: not _is_waiting(database))
        assert one(connection, "SELECT count(*) FROM reading") == 0
        assert home.hears_nothing(0.1)
    with ingesting(database, broker, tmp_path) as second:
        for part in home_sends:  # no receipt came, so the outbox still holds them
            home.send(*part)
        home.receipts_until(150)
        second.terminate()
        assert second.wait(WITHIN_S) == 0
    assert one(connection, "SELECT count(*) FROM reading") == 150
    assert one(connection, "SELECT count(DISTINCT (device_id, metric, record_key)) FROM reading") == 150


@contextmanager
def ingesting(database: str, broker: LocalBroker, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "cloud.toml"
    config.write_text(
        f'data = "{folder}"\n[database]\ndsn = "{database}"\n[broker]\nurl = "{broker.url}"\n', encoding="utf-8"
    )
    environment = {**os.environ, "DOORSTEP_CLOCK": str(TimeScale(NOW, datetime.now(UTC), 1.0))}
    with subprocess.Popen(
        [sys.executable, "-m", "cloud.cli", "ingest", "--config", str(config)],
        env=environment,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        try:
            while b'"ready"' not in (line := process.stderr.readline()):
                assert line, "the ingester ended before it was ready"
            yield process
        finally:
            process.kill()


def _is_waiting(database: str) -> bool:
    """Whether the ingester stands before a lock."""
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doorstep-ingest' "
            "AND wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    return row is not None and row[0] > 0
