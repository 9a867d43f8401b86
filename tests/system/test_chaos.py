"""Three minutes of breaking everything, as `./dev chaos` does it: nothing lost, doubled or left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.chaos.households import ROOT
from tests.system.conftest import processes_naming

WITHIN_S = 420.0
"""Other tests go on beside it."""

pytestmark = [pytest.mark.system, pytest.mark.timeout(WITHIN_S + 60)]

MINUTES = 2.2
"""With the start and the settling on a busy machine that is below three."""
SEED = 2026
_TEMPORARY = "doorstep-chaos-"


def start(*words: str) -> subprocess.Popen[str]:
    """`python -m tests.system.chaos` in a session of its own."""
    command = [sys.executable, "-m", "tests.system.chaos", *words]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def traces_of(run: Path) -> list[str]:
    """What a run whose temporary folders lie in `run` has left: processes, mounts, folders."""
    mounts = [line for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines() if str(run) in line]
    return [*processes_naming(str(run / _TEMPORARY)), *mounts, *map(str, run.glob(f"{_TEMPORARY}*"))]


@pytest.fixture
def run_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run puts its temporary folders."""
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_nothing_is_lost_and_nothing_doubled(run_folder: Path) -> None:
    report_file = run_folder / "report.json"
    chaos = start("--minutes", str(MINUTES), "--seed", str(SEED), "--json", str(report_file))
    said, _ = chaos.communicate(timeout=WITHIN_S)
    assert report_file.exists(), said
    report = json.loads(report_file.read_text(encoding="utf-8"))
    assert (report["lost"], report["doubled"], report["alarms_lost"]) == (0, 0, 0), said
    assert chaos.returncode == 0, said
    assert report["stored"] == report["handed_over"] > 5_000
    assert report["alarms_shown_once"] == report["alarms_pressed"] > 10
    assert report["seed"] == SEED
    assert f"seed {SEED}" in said
    assert {"outage_72h", "daylight_saving_leap"} < set(report["faults"])
    assert sum(report["faults"].values()) >= 10
    assert traces_of(run_folder) == []


def test_ctrl_c_leaves_nothing_behind(run_folder: Path) -> None:
    chaos = start("--minutes", "3", "--seed", "7")
    assert chaos.stdout is not None
    try:
        for line in chaos.stdout:
            if "the breaking begins" in line:
                break
        else:
            pytest.fail("it ended before the breaking began")
        os.kill(chaos.pid, signal.SIGINT)
        said = chaos.stdout.read()
        assert chaos.wait(60) == 130, said
    finally:
        chaos.kill()
        chaos.wait()
        chaos.stdout.close()
    deadline = time.monotonic() + 10
    while traces_of(run_folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert traces_of(run_folder) == []
