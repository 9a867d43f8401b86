"""Whole trips: the project's own commands as processes, on data folders of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
START_S = 90.0


def wait_until(what: str, look: Callable[[], Any], within_s: float) -> Any:
    """The first true value of `look`; fails with `what` when there was none in time."""
    deadline = time.monotonic() + within_s
    while not (value := look()):
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s for {what}"
        time.sleep(0.05)
    return value


def processes_naming(text: str) -> list[str]:
    """Command lines of the running processes in which `text` stands."""
    lines = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if text in line]


@dataclass
class Centre:
    """A centre started by `doorstep-cloud up`."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def run(self) -> dict[str, Any]:
        """What stands in the run file now: dsn, broker, web, pids."""
        found: dict[str, Any] = json.loads((self.folder / "centre" / "run" / "cloud.json").read_text(encoding="utf-8"))
        return found

    def kill(self, stage: str) -> int:
        """Ends a stage as a crash would; returns the number of the process that died."""
        number: int = self.run["pids"][stage]
        os.kill(number, signal.SIGKILL)
        return number

    def revived(self, stage: str, dead: int) -> bool:
        return bool(self.run["pids"].get(stage, dead) != dead)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's tmp_path: as root the database server runs as another user, who may not enter it."""
    path = Path(tempfile.mkdtemp(prefix="doorstep-system-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def centre(folder: Path) -> Iterator[Centre]:
    config = folder / "cloud.toml"
    limits = ROOT / "configs" / "limits.toml"
    config.write_text(f'data = "{folder / "centre"}"\n[web]\nport = 18080\n[detection]\nlimits = "{limits}"\n')
    command: list[str | Path] = [
        BIN / "doorstep-cloud",
        "up",
        "--config",
        config,
        "--seed",
        ROOT / "configs" / "community.toml",
    ]
    with (folder / "centre.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        started = Centre(process, folder)
        run_file = folder / "centre" / "run" / "cloud.json"
        wait_until("the centre to be up", lambda: run_file.exists() or process.poll() is not None, START_S)
        assert process.poll() is None, (folder / "centre.log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(60)
