"""`doorstep-cloud plan`: the file is there early, whole at any time, and the best so far when the search is stopped."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from cloud.cli import app
from cloud.visits.planning.hhcrsp import decode_instance
from tests.cloud.visits.planning.test_hhcrsp import VECTORS, create_instance

INSTANCE = VECTORS / "InstanzCPLEX_HCSRP_25_6.json"
LONG_S = 30.0


def test_two_searches_write_one_plan(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    result = CliRunner().invoke(
        app, ["plan", "--instance", str(INSTANCE), "--seconds", "4", "--cores", "2", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert result.output.startswith("cost ")
    assert len(json.loads(out.read_text())["global_ordering"]) == 25
    assert list(tmp_path.iterdir()) == [out]


def test_stopped_early_it_leaves_the_best_plan_and_ends_well(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    asked = ["plan", "--instance", str(INSTANCE), "--seconds", "60", "--out", str(out)]
    with subprocess.Popen([sys.executable, "-m", "cloud.cli", *asked], stdout=subprocess.PIPE, text=True) as planner:
        until = time.monotonic() + LONG_S
        while not out.exists() and time.monotonic() < until:
            time.sleep(0.05)
        planner.send_signal(signal.SIGTERM)
        said, _ = planner.communicate(timeout=LONG_S)
    assert planner.returncode == 0
    assert said.startswith("cost ")
    assert len(json.loads(out.read_text())["routes"]) == len(decode_instance(INSTANCE.read_bytes()).staff)


def test_an_instance_that_nobody_can_serve_is_refused_in_a_sentence(tmp_path: Path) -> None:
    instance = tmp_path / "day.json"
    instance.write_text(json.dumps(create_instance(caregivers=[{"id": "c1", "abilities": ["s1"]}])))
    result = CliRunner().invoke(app, ["plan", "--instance", str(instance), "--out", str(tmp_path / "plan.json")])
    assert result.exit_code == 1
    assert "p2: nobody may do s2" in result.output
    assert not (tmp_path / "plan.json").exists()
