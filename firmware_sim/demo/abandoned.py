"""What a centre that was killed leaves: stages, which end by themselves, and a database server, which serves on."""

import fcntl
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PATIENCE_S = 20.0
_CENTRE_PATIENCE_S = 60.0
_LOOK_S = 0.05


def await_centre(data: Path) -> None:
    """Until nobody serves the centre's folder `data` any more, for a while: a killed demonstration's centre was told to
    end at that moment, and has to hand its work back first."""
    deadline = time.monotonic() + _CENTRE_PATIENCE_S
    while _is_served(data) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _is_served(data: Path) -> bool:
    """Whether somebody holds the lock of `doorstep-cloud up`."""
    try:
        with (data / "run" / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no such folder yet
        return False
    return False


def await_stages(numbers: Iterable[int]) -> None:
    """Until the centre's processes of these numbers have ended, for a while."""
    deadline = time.monotonic() + _PATIENCE_S
    while any(map(_is_stage, numbers)) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _is_stage(number: int) -> bool:
    try:
        return b"cloud" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def end_database(folder: Path) -> None:
    """Ends the PostgreSQL server whose data lie in `folder`, where one is still running. A fast shutdown, data kept."""
    number = _server_of(folder)
    if number is None:
        return
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGINT)
    deadline = time.monotonic() + _PATIENCE_S
    while _server_of(folder) is not None and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _server_of(folder: Path) -> int | None:
    """The number in the pid file, if that process really is a server on this folder."""
    try:
        number = int((folder / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return number if os.fsencode(folder) in command else None
