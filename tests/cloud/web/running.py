"""The web process as it really runs: a child with its own port, stopped by SIGTERM."""

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

import httpx

from cloud.clock import Clock
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale
from tests.cloud.web.community import NOW, PASSWORD

_ROOT = Path(__file__).parents[3]
_START_S = 30.0
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
            yield client

    def stop(self) -> int:
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)


@contextmanager
def running_site(folder: Path, dsn: str, broker: str = "mqtt://127.0.0.1:9") -> Iterator[Site]:
    """The site over `dsn`; its clock starts at `NOW`. Without `broker` it tries a port on which nobody answers."""
    config = folder / "web.toml"
    config.write_text(
        f'[web]\nport = 0\n[detection]\nlimits = "{_ROOT / "configs" / "limits.toml"}"\n', encoding="utf-8"
    )
    wall = Clock().now()
    scale = TimeScale(NOW, wall, 1.0)
    environment = os.environ | {"DOORSTEP_DSN": dsn, "DOORSTEP_BROKER": broker, CLOCK_VARIABLE: str(scale)}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "cloud.web.server", str(config)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=_ROOT,
    )
    said: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process, said), daemon=True)
    reader.start()
    try:
        yield Site(_address(said), process, Clock(scale))
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


def _address(said: Queue[str]) -> str:
    lines = []
    while line := said.get(timeout=_START_S):
        lines.append(line)
        if line.startswith("{") and (found := json.loads(line)).get("event") == "started":
            return str(found["address"])
    raise AssertionError("the site did not start: " + "".join(lines))
