"""`python -m edge.updates.guard DATA PID SECONDS`: watches over a release on its trial, from outside of it.

Where it is not proven within the time, the switch goes back and the process ends, by force where it does not listen;
systemd begins the one before. It runs the code that was installed by hand: a release cannot break its own guard.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

from edge import structlog_alone  # noqa: F401 - before all that logs
from edge.logs import set_up_logs
from edge.updates.state import gone_back, read_releases, write_releases

LOOK_S = 1.0
GOODBYE_S = 20.0


def guard(data: Path, pid: int, within_s: float) -> None:
    """Until the release is proven, left, or its process has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    version, until_s = read_releases(data).current, time.monotonic() + within_s
    while time.monotonic() < until_s:
        if _ended(process, LOOK_S):
            return
        found = read_releases(data)
        if not found.trial or found.current != version:
            return
    found = read_releases(data)
    if not found.trial or found.current != version:
        return
    write_releases(data, gone_back(found, f"nothing came through with it for {within_s:.0f} s"))
    signal.pidfd_send_signal(process, signal.SIGTERM)
    if not _ended(process, GOODBYE_S):
        signal.pidfd_send_signal(process, signal.SIGKILL)


def _ended(process: int, within_s: float) -> bool:
    ready, _, _ = select.select([process], [], [], within_s)
    return bool(ready)


if __name__ == "__main__":
    set_up_logs()
    guard(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
