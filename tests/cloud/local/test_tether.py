"""A tethered child ends with its parent, also on kill -9."""

import os
import subprocess
import sys
import time
from pathlib import Path

from cloud.local.tether import tethered

_PARENT = """
import subprocess, sys, time
from cloud.local.tether import tethered
child = subprocess.Popen(tethered([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]))
print(child.pid, flush=True)
time.sleep(600)
"""
WITHIN_S = 20.0


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        assert "up" in lines
        pid = int((lines - {"up"}).pop())
        parent.kill()
        parent.wait(WITHIN_S)
        deadline = time.monotonic() + WITHIN_S
        while _lives(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_child_whose_parent_is_gone_already_does_not_begin() -> None:
    command = tethered(["true"])
    command[command.index(str(os.getpid()))] = "1"
    assert subprocess.run(command, timeout=WITHIN_S, check=False).returncode == 0
    command[-1] = "false"  # would say 1 if it ran
    assert subprocess.run(command, timeout=WITHIN_S, check=False).returncode == 0


def _lives(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
