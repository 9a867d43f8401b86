"""Stages as they really run: children with their own ports, stopped by SIGTERM."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import httpx

from cloud.clock import Clock
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale
from tests.cloud.web.community import NOW, PASSWORD

_ROOT = Path(__file__).parents[3]
_START_S = 90.0
NO_BROKER = "mqtt://127.0.0.1:9"
_STOP_S = 15.0
_PROGRAM = """
import sys
from importlib import import_module
from pathlib import Path
from cloud.config import load
import_module(sys.argv[1]).run(load(Path(sys.argv[2])))
"""


@dataclass
class Site:
    address: str
    process: "subprocess.Popen[str]"
    clock: Clock

    def visitor(self) -> httpx.Client:
        """A browser without a session."""
        return httpx.Client(base_url=self.address, headers={"origin": self.address}, trust_env=False, timeout=20)

    @contextmanager
    def signed_in(self, login: str) -> Iterator[httpx.Client]:
        with self.visitor() as client:
            client.post("/api/v1/session", json={"login": login, "password": PASSWORD}).raise_for_status()
            client.headers[HEADER] = csrf_of(client.cookies[COOKIE])
            yield client

    def stop(self) -> int:
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)


@contextmanager
def running_site(folder: Path, dsn: str, broker: str = NO_BROKER, web: str = "") -> Iterator[Site]:
    """The site over `dsn`; its clock starts at `NOW`. Without `broker` it tries a port on which nobody answers.

    `web` are further lines of that section of its configuration.
    """
    scale = TimeScale(NOW, Clock().now(), 1.0)
    with _running("cloud.web.server", folder, dsn, broker, scale, web=web) as (process, said):
        yield Site(_started(said)["address"], process, Clock(scale))


@contextmanager
def running_alarms(folder: Path, dsn: str, broker: str, clock: Clock) -> Iterator[None]:
    """The alarms' worker, which stores what the broker tells and tells the home."""
    scale = TimeScale(clock.now(), Clock().now(), 1.0)
    with _running("cloud.alarms.worker", folder, dsn, broker, scale) as (_, said):
        _started(said)
        yield


@contextmanager
def _running(
    stage: str, folder: Path, dsn: str, broker: str, scale: TimeScale, *, web: str = ""
) -> Iterator[tuple["subprocess.Popen[str]", Queue[str]]]:
    config = folder / f"{stage}.toml"
    limits = _ROOT / "configs" / "limits.toml"
    config.write_text(
        f'data = "{folder / "data"}"\n[web]\nport = 0\n{web}\n[detection]\nlimits = "{limits}"\n', encoding="utf-8"
    )
    environment = os.environ | {"DOORSTEP_DSN": dsn, "DOORSTEP_BROKER": broker, CLOCK_VARIABLE: str(scale)}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, stage, str(config)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=_ROOT,
    )
    said: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process, said), daemon=True)
    reader.start()
    try:
        yield process, said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        reader.join(_STOP_S)


def _read(process: "subprocess.Popen[str]", said: Queue[str]) -> None:
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            said.put(line)
            if "traceback" in line.lower():
                sys.stderr.write(line)  # pytest shows it with the failing test
    said.put("")


def _started(said: Queue[str]) -> dict[str, Any]:
    """The line by which a stage says that it stands."""
    lines = []
    while line := said.get(timeout=_START_S):
        lines.append(line)
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            if found.get("event") == "started":
                return found
    raise AssertionError("the stage did not start: " + "".join(lines))
