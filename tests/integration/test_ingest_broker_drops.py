"""What a real Mosquitto with tiny limits throws away is seen by the ingester."""

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import prometheus_client
import pytest

from cloud.config import Broker, CloudConfig, Database
from cloud.local.broker import find_mosquitto
from cloud.local.ports import free_port, listens
from cloud.local.tether import tethered
from cloud.mqtt import Subscriber
from cloud.process import serve_health
from cloud.readings.worker import work
from tests.integration.stage import running
from tests.integration.test_ingest_worker import WITHIN_S, until

pytestmark = pytest.mark.integration

TINY = """\
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 1
max_queued_messages 1
sys_interval 1
"""


@pytest.fixture
def tiny_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a Mosquitto that holds one message a subscriber."""
    program = find_mosquitto()
    if program is None:
        pytest.skip("skipped: mosquitto is not installed")
    port = free_port(0, "127.0.0.1")
    path = tmp_path / "tiny.conf"
    path.write_text(TINY.format(port=port) + ("user root\n" if os.geteuid() == 0 else ""), encoding="utf-8")
    with subprocess.Popen(tethered([program, "-c", str(path)]), stdin=subprocess.DEVNULL) as process:
        until(lambda: listens(process.pid, port))
        yield f"mqtt://127.0.0.1:{port}"
        process.terminate()


@contextmanager
def stopping(subscriber: Subscriber) -> Iterator[None]:
    try:
        yield
    finally:
        subscriber.stop()


def test_drops_stand_in_metrics_and_on_health_and_make_nobody_ill(
    database: str, tiny_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CloudConfig(database=Database(dsn=database), broker=Broker(url=tiny_broker))
    # Takes one message and never acknowledges it, so that the broker drops what comes after the next. What a subscriber
    # asks for goes before the broker's own limit.
    with monkeypatch.context() as narrow:
        narrow.setattr("cloud.mqtt._IN_FLIGHT", 1)
        slow = Subscriber(tiny_broker, "slow", ["burst"], manual_ack=True)
        slow.start()
    with (
        stopping(slow),
        running(work, config, "ingest") as process,
        serve_health(process.health, free_port(0, "127.0.0.1")) as port,
        Subscriber(tiny_broker, "publisher") as publisher,
    ):
        process.wait_until("broker")
        assert slow.wait_connected(WITHIN_S)
        sent = [publisher.publish("burst", b"x") for _ in range(50)]
        assert all(publication.wait(WITHIN_S) for publication in sent)

        def dropped() -> float:
            return prometheus_client.REGISTRY.get_sample_value("doorstep_broker_dropped_messages") or 0

        until(lambda: dropped() >= 40)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WITHIN_S) as answer:
            assert f"doorstep_broker_dropped_messages {dropped()}".encode() in answer.read()
        until(lambda: process.health.report()[0])
        notes = msgspec.json.decode(process.health.report()[1])["notes"]
        assert notes["broker_drops"].startswith(f"the broker dropped {dropped():.0f} messages")
