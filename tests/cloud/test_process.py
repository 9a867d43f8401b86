"""What stages share: health over HTTP, the outermost loop, the stop that wakes asyncio."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.local.ports import free_port
from cloud.mqtt import broker_address
from cloud.process import Health, Process, serve_health

WITHIN_S = 20.0

_STAGE = """
import sys
from cloud.config import CloudConfig
from cloud.process import run_worker
times = 0
def work(process):
    global times
    times += 1
    if times == 1:
        raise ConnectionError("the server is away")
    if times == 2:
        raise KeyError("ours")
    print("working", flush=True)
    process.stop.wait()
run_worker("test", CloudConfig(), work)
"""


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_health_and_metrics_are_served() -> None:
    health = Health("test")
    with serve_health(health, free_port(0)) as port:
        assert get(port, "/health")[0] == 503  # not started
        health.healthy("database")
        assert get(port, "/health")[0] == 200
        health.ill("broker", "does not answer")
        code, body = get(port, "/health")
        assert code == 503
        assert json.loads(body) == {
            "ok": False,
            "process": "test",
            "checks": {"database": "ok", "broker": "does not answer"},
        }
        code, body = get(port, "/metrics")
        assert code == 200
        assert b"python_info" in body
        assert get(port, "/etc/passwd")[0] == 404


def test_port_0_serves_nothing() -> None:
    with serve_health(Health("test"), 0) as port:
        assert port == 0


def test_failures_are_lines_and_the_stage_goes_on_until_it_is_asked_to_stop() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _STAGE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as stage:
        assert stage.stdout is not None
        assert stage.stdout.readline() == "working\n"
        os.kill(stage.pid, signal.SIGTERM)
        _, said = stage.communicate(timeout=WITHIN_S)
    assert stage.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in lines] == ["started", "away", "failed", "stopped"]
    assert lines[1]["error"] == "the server is away"
    assert "exception" not in lines[1]
    assert "Traceback" in lines[2]["exception"]
    assert {line["process"] for line in lines} == {"test"}


async def test_asyncio_wakes_when_asked_from_another_thread() -> None:
    process = Process("test", CloudConfig(), Clock())
    waiting = asyncio.create_task(process.until_stopped())
    await asyncio.to_thread(process.ask_to_stop)
    await asyncio.wait_for(waiting, WITHIN_S)
    await asyncio.wait_for(process.until_stopped(), WITHIN_S)  # asked already


@pytest.mark.parametrize(
    ("url", "address"),
    [("mqtt://127.0.0.1:1884", ("127.0.0.1", 1884)), ("mqtt://broker.example", ("broker.example", 1883))],
)
def test_broker_addresses(url: str, address: tuple[str, int]) -> None:
    assert broker_address(url) == address


@pytest.mark.parametrize("url", ["127.0.0.1:1883", "http://x:1", "mqtt://", "embedded", "mqtt://x:port"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mqtt://HOST:PORT"):
        broker_address(url)
