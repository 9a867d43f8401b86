"""The alarm's own connection over a real broker: what it says goes out at once, and a dead line is noticed."""

import queue
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cloud.local.broker import LocalBroker
from edge.alarm.line import AlarmLine, BrokerTook, LineDown, LineUp, Word
from edge.config import load
from edge.mqtt_line import UNHEARD_S
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage
from tests.cloud.web.community import NOW
from tests.edge.conftest import CONFIG
from tests.system.chaos.proxy import Proxy

pytestmark = pytest.mark.integration
WAIT_S = 10.0
CALL = AlarmMessage(
    alarm="6f9d3f8e-6a55-4a3f-9a2b-0f6f3f3b1c11", kind=AlarmKind.FALL, device="fall-1", raised_at=NOW, attempt=1
)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """Before a broker."""
    with LocalBroker(tmp_path / "broker", wanted_port=0) as broker:
        parts = urlsplit(broker.url)
        carried = Proxy(lambda: (parts.hostname or "", parts.port or 0))
        yield carried
        carried.close()


@pytest.fixture
def words() -> "queue.Queue[Word]":
    return queue.Queue()


@pytest.fixture
def line(proxy: Proxy, words: "queue.Queue[Word]", tmp_path: Path) -> Iterator[AlarmLine]:
    """It stands."""
    text = CONFIG.replace("[[device]]", f'[broker]\nurl = "{proxy.url}"\n\n[[device]]')
    (tmp_path / "edge.toml").write_text(text, encoding="utf-8")
    made = AlarmLine(load(tmp_path / "edge.toml"), words.put)
    made.start()
    assert isinstance(words.get(timeout=WAIT_S), LineUp)
    yield made
    made.stop()


def test_a_line_that_died_in_silence_is_noticed_before_ten_seconds_are_over(
    line: AlarmLine, proxy: Proxy, words: "queue.Queue[Word]"
) -> None:
    took = line.send(CALL)
    assert words.get(timeout=WAIT_S) == BrokerTook(took)
    proxy.change(half_open=True)
    began = time.monotonic()
    line.send(CALL)
    assert isinstance(words.get(timeout=WAIT_S), LineDown)
    assert time.monotonic() - began < WAIT_S


def test_nothing_waits_in_the_kernel(line: AlarmLine) -> None:
    connection = line._line._client.socket()
    assert isinstance(connection, socket.socket)
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNHEARD_S * 1000
