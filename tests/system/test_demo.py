"""The README's first command: the scripted trip, and a day that is stopped with Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import processes_naming, wait_until
from tests.system.leaks import leaks, secrets_of

DEMO = [sys.executable, "-m", "firmware_sim.demo"]

pytestmark = pytest.mark.system


def test_once_closes_every_loop(folder: Path) -> None:
    file = folder / "out.json"
    command: list[str | Path] = [*DEMO, "--once", "--data", folder / "data", "--json", file]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert figures["readings_sent"] == figures["readings_stored"] > 500
    assert figures["duplicates_injected"] > 0
    assert figures["alerts"] >= 2
    assert figures["visits_closed"] >= 1
    assert figures["assessments"] >= 1
    assert len(figures["press_to_board_ms"]) >= 5
    assert figures["press_states"] == ["sent", "at_centre", "taken", "on_the_way", "closed"]
    assert figures["outbox_left"] == 0
    assert {"seconds_setup", "seconds_run"} <= figures.keys()
    secrets = secrets_of(folder / "data")
    assert len(secrets) > 40
    assert leaks(folder / "data" / "logs", secrets) == []
    assert processes_naming(str(folder)) == []


def test_a_killed_one_is_followed_at_once_and_ctrl_c_leaves_nothing_behind(folder: Path) -> None:
    log = folder / "demo.log"
    for number in (signal.SIGKILL, signal.SIGINT):  # the second starts while what the first one left is still ending
        with log.open("wb") as file:
            process = subprocess.Popen([*DEMO, "--data", folder / "data"], stdout=file, stderr=subprocess.STDOUT)
        wait_until("the demo to say where to look", lambda: "Ctrl-C stops" in log.read_text(), 120)
        process.send_signal(number)
        code = process.wait(60)
    assert code == 0, log.read_text()
    wait_until("everything to end", lambda: processes_naming(str(folder)) == [], 60)


def test_a_centre_that_was_killed_leaves_no_database_behind(folder: Path) -> None:
    log = folder / "demo.log"
    with log.open("wb") as file:
        process = subprocess.Popen([*DEMO, "--data", folder / "data"], stdout=file, stderr=subprocess.STDOUT)
    wait_until("the demo to say where to look", lambda: "Ctrl-C stops" in log.read_text(), 120)
    run = json.loads((folder / "data" / "centre" / "run" / "cloud.json").read_text(encoding="utf-8"))
    os.kill(run["pids"]["up"], signal.SIGKILL)
    assert process.wait(60) == 1, log.read_text()
    assert "centre ended" in log.read_text()
    assert processes_naming(str(folder)) == [], log.read_text()
