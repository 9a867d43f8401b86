"""Whatever lost power when, and however a release fails, the next start runs one that works."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.updates.launch import INSTALLED, chosen
from edge.updates.state import (
    MOST_STARTS,
    Releases,
    is_complete,
    python_of,
    read_releases,
    set_complete,
    write_releases,
)

PATIENCE_S = 20.0
STAYS = "exec sleep 600"


def create_release(data: Path, version: str, does: str = "exit 0", *, complete: bool = True) -> None:
    """One whose Python is a script that says its version in `ran`, and `does` something then."""
    python = python_of(data, version)
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {version} >> {data / 'ran'}\n{does}\n", encoding="utf-8")
    python.chmod(0o755)
    if complete:
        set_complete(data, version)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "edge.toml").write_text('data = "data"\n[updates]\nproof_within_s = 1.5\n', encoding="utf-8")
    data = tmp_path / "data"
    create_release(data, "installed")
    return data


def launched(data: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "edge.updates.launch", str(data.parent / "edge.toml")]
    return subprocess.Popen(command, env={**os.environ, INSTALLED: str(python_of(data, "installed"))})


def ran(data: Path) -> list[str]:
    launched(data).wait(PATIENCE_S)
    return (data / "ran").read_text(encoding="utf-8").split()


def test_what_was_installed_by_hand_runs_until_there_is_another(data: Path) -> None:
    assert ran(data) == ["installed"]
    create_release(data, "0.2")
    write_releases(data, Releases(current="0.2"))
    assert ran(data) == ["installed", "0.2"]


@pytest.mark.parametrize("state", [b"", b"{", b'{"current": 7}'])
def test_a_damaged_switch_runs_what_was_installed(data: Path, state: bytes) -> None:
    create_release(data, "0.2")
    write_releases(data, Releases(current="0.2"))
    (data / "releases" / "state.json").write_bytes(state)
    assert ran(data) == ["installed"]


def test_a_release_that_is_not_complete_is_left_for_the_one_before(data: Path) -> None:
    create_release(data, "0.2")
    create_release(data, "0.3", complete=False)
    write_releases(data, Releases(current="0.3", before="0.2", trial=True))
    found = chosen(data)
    assert (found.current, found.trial) == ("0.2", False)
    assert found.refused is not None
    assert found.refused.version == "0.3"
    python_of(data, "0.2").unlink()  # and that one is damaged too
    assert chosen(data).current == ""


def test_one_that_does_not_stay_up_is_left_after_some_starts(data: Path) -> None:
    create_release(data, "0.2")
    create_release(data, "0.3", "exit 1")
    write_releases(data, Releases(current="0.3", before="0.2", trial=True))
    for _ in range(MOST_STARTS):
        assert ran(data)[-1] == "0.3"
    assert ran(data)[-1] == "0.2"
    found = read_releases(data)
    assert (found.current, found.trial, found.before) == ("0.2", False, "")
    assert found.refused is not None
    assert "did not stay up" in found.refused.why


def test_a_proven_one_is_not_counted(data: Path) -> None:
    create_release(data, "0.2")
    write_releases(data, Releases(current="0.2"))
    before = (data / "releases" / "state.json").read_bytes()
    for _ in range(MOST_STARTS + 2):
        chosen(data)
    assert (data / "releases" / "state.json").read_bytes() == before


def test_the_guard_ends_one_with_which_nothing_comes_through(data: Path) -> None:
    create_release(data, "0.3", STAYS)
    write_releases(data, Releases(current="0.3", trial=True))
    process = launched_with_real_guard(data)
    assert process.wait(PATIENCE_S) == -signal.SIGTERM
    found = read_releases(data)
    assert found.current == ""
    assert found.refused is not None
    assert "nothing came through" in found.refused.why


def test_the_guard_leaves_a_proven_one_alone(data: Path) -> None:
    create_release(data, "0.3", STAYS)
    write_releases(data, Releases(current="0.3", trial=True))
    process = launched_with_real_guard(data)
    write_releases(data, Releases(current="0.3"))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3.0)
    process.kill()
    process.wait(PATIENCE_S)
    assert read_releases(data) == Releases(current="0.3")


def launched_with_real_guard(data: Path) -> subprocess.Popen[bytes]:
    """The guard is a program of what was installed by hand: here, ours. Returns once the release runs."""
    command = [sys.executable, "-P", "-m", "edge.updates.launch", str(data.parent / "edge.toml")]
    process = subprocess.Popen(command, env={key: told for key, told in os.environ.items() if key != INSTALLED})
    deadline = time.monotonic() + PATIENCE_S
    while not (data / "ran").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_complete_is_said_last(data: Path) -> None:
    create_release(data, "0.4", complete=False)
    assert not is_complete(data, "0.4")
    set_complete(data, "0.4")
    assert is_complete(data, "0.4")
