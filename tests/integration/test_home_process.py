"""A simulated home as a process: up, lived in, told what to do, ended in every way, begun again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.control import HomeControl, NotDone
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale

pytestmark = [pytest.mark.integration]

WITHIN_S = 30.0
PROGRAM = "import sys; from firmware_sim.cli import main; sys.exit(main())"
CONFIGURATION = """\
name = "home-7"
time_zone = "Asia/Shanghai"
state = "state"

[life]
person = "6b29b"

[glucometer]
address = "C0:FF:EE:00:07:01"
passkey = 294016

[sphygmomanometer]
address = "C0:FF:EE:00:07:02"

[emergency_button]
address = "C0:FF:EE:00:07:04"
bind_key = "231d39c1d7cc1ab1aee224cd096db932"

[serial_glucometer]
link = "port"
"""


def until(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not look():
        assert time.monotonic() < deadline, f"{what} within {WITHIN_S:g} s"
        time.sleep(0.05)


class HomeProcess:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_file = folder / "run.json"
        (folder / "home.toml").write_text(CONFIGURATION, encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        home = str(self.folder / "home.toml")
        return [sys.executable, "-c", PROGRAM, "home", "--home", home, "--run-file", str(self.run_file)]

    def start(self, *options: str, clock: TimeScale | None = None) -> dict[str, Any]:
        """Waits until it is up and returns its run file."""
        environment = {**os.environ, **({} if clock is None else {CLOCK_VARIABLE: str(clock)})}
        self.process = subprocess.Popen([*self.command, *options], env=environment, stderr=subprocess.DEVNULL)
        until("the home is up", self.run_file.exists)
        run: dict[str, Any] = json.loads(self.run_file.read_text(encoding="utf-8"))
        return run

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(WITHIN_S)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeProcess]:
    home = HomeProcess(tmp_path)
    yield home
    if home.process is not None and home.process.poll() is None:
        home.end(signal.SIGKILL)


def bus_runs(run: dict[str, Any]) -> bool:
    """Whether a dbus-daemon with this home's configuration is among the processes."""
    folder = str(Path(run["control_socket"]).parent)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if b"dbus-daemon" in words and folder.encode() in words:
            return True
    return False


def test_it_says_where_everything_is_and_leaves_nothing_behind(home: HomeProcess) -> None:
    run = home.start("--no-live")
    assert run["serial_port"] == str(home.folder / "state" / "port")
    assert {device["kind"] for device in run["devices"]} == {
        "glucometer",
        "sphygmomanometer",
        "emergency_button",
        "serial_glucometer",
    }
    assert bus_runs(run)
    with HomeControl(run["control_socket"]) as control:
        before = control.meters()
        control.measure_glucose(110)
        control.measure_pressure(150, 90, 70)
        control.measure_glucose(160, device="serial")
        with pytest.raises(NotDone, match="this home has no shower_sensor"):
            control.motion()
        assert abs(control.press() - time.time()) < WITHIN_S
        after = control.meters()
    assert {kind: after[kind]["unsent"] - before[kind]["unsent"] for kind in after} == dict.fromkeys(after, 1)
    assert home.end() == 0
    assert not home.run_file.exists()
    assert not Path(run["control_socket"]).parent.exists()
    assert not Path(run["serial_port"]).is_symlink()
    assert not bus_runs(run)


def test_a_ruuvi_tag_may_hang_in_the_bathroom(home: HomeProcess) -> None:
    sensor = '[shower_sensor]\nmodel = "ruuvi-tag"\naddress = "C0:FF:EE:00:07:03"\n\n[serial'
    path = home.folder / "home.toml"
    path.write_text(CONFIGURATION.replace("[serial", sensor), encoding="utf-8")
    run = home.start("--no-live")
    with HomeControl(run["control_socket"]) as control:
        control.shower(5)
        with pytest.raises(NotDone, match="is a RuuviTag, which notices no motion"):
            control.motion()
    scan = "import sys; from edge.cli import main; sys.exit(main())"
    heard = subprocess.run(
        [sys.executable, "-c", scan, "scan", "--seconds", "3", "--json"],
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": run["bus_address"]},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
    )
    models = {found["address"]: found["models"] for found in map(json.loads, heard.stdout.splitlines())}
    assert models["C0:FF:EE:00:07:03"] == ["ruuvi-tag"]


def test_it_begins_again_with_the_memory_it_had(home: HomeProcess) -> None:
    run = home.start("--no-live")
    with HomeControl(run["control_socket"]) as control:
        control.measure_glucose(110)
        control.press()
        before = control.meters()
    home.end(signal.SIGKILL)
    home.run_file.unlink()
    counter = json.loads((home.folder / "state" / "emergency-button.json").read_text(encoding="utf-8"))["counter"]
    run = home.start("--no-live")
    with HomeControl(run["control_socket"]) as control:
        assert control.meters() == before
        control.press()
    kept = json.loads((home.folder / "state" / "emergency-button.json").read_text(encoding="utf-8"))
    assert kept["counter"] > counter
    assert home.end() == 0


def test_killed_it_leaves_no_bus_running(home: HomeProcess) -> None:
    run = home.start("--no-live")
    home.end(signal.SIGKILL)
    until("the bus ends", lambda: not bus_runs(run))


def test_it_ends_when_the_process_that_started_it_dies(home: HomeProcess) -> None:
    starter = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(600)"
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, *home.command, "--no-live"], stderr=subprocess.DEVNULL, start_new_session=True
    )
    until("the home is up", home.run_file.exists)
    run = json.loads(home.run_file.read_text(encoding="utf-8"))
    parent.kill()
    parent.wait(WITHIN_S)
    until("the home ends", lambda: not home.run_file.exists() and not bus_runs(run))


def test_the_elders_day_goes_on_by_the_simulated_clock(home: HomeProcess) -> None:
    """08:30 at home: two blood pressures at 08:43 and 08:49, an hour in four seconds."""
    morning = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    clock = TimeScale(morning, datetime.now(UTC) + timedelta(seconds=3), 900)
    run = home.start(clock=clock)
    with HomeControl(run["control_socket"]) as control:
        until(
            "the cuff was used twice",
            lambda: control.meters()["sphygmomanometer"]["stored"] >= stored_in_history(home) + 2,
        )
    state = json.loads((home.folder / "state" / "sphygmomanometer.json").read_text(encoding="utf-8"))
    assert [(record["systolic_mm_hg"], record["at"][:15]) for record in state["records"]][-2:] == [
        (165, "2026-11-22T08:4"),
        (167, "2026-11-22T08:4"),
    ]
    assert home.end() == 0


def stored_in_history(home: HomeProcess) -> int:
    """Blood pressures of the days before today."""
    state = json.loads((home.folder / "state" / "sphygmomanometer.json").read_text(encoding="utf-8"))
    return sum(record["at"] < "2026-11-22" for record in state["records"])


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("name = 1", 2, "home.toml: name: Expected `str`, got `int`"),
        ('name = "x"\nstate = "s"\n[life]\nperson = "nobody"', 1, "the excerpt holds 6b29b"),
        ('name = "x"\nstate = "s"\n[shower_sensor]\naddress = "00:FF:EE:00:07:01"', 1, "not a static random address"),
        ('name = "x"\nstate = "s"\n[serial_glucometer]\nlink = "p"\nmodel = "abacus"', 1, "'abacus' is not a serial"),
    ],
)
def test_a_wrong_configuration_ends_it_with_a_sentence(home: HomeProcess, text: str, code: int, sentence: str) -> None:
    (home.folder / "home.toml").write_text(text, encoding="utf-8")
    ended = subprocess.run(home.command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert ended.returncode == code
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_clock_of_another_form_ends_it_with_a_sentence(home: HomeProcess) -> None:
    environment = {**os.environ, CLOCK_VARIABLE: "noon"}
    ended = subprocess.run(home.command, capture_output=True, text=True, timeout=WITHIN_S, check=False, env=environment)
    assert (ended.returncode, "DOORSTEP_CLOCK: 'noon'" in ended.stderr) == (2, True)
