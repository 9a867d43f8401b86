"""`<data>/run/`: who serves this data folder, and where. One process at a time writes, others only read."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from cloud.errors import Conflict


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """`cloud.json`, there while the centre is up."""

    dsn: str
    broker: str
    """mqtt://HOST:PORT"""
    web: str
    """http://HOST:PORT"""
    pids: dict[str, int]
    """By stage; `up` is the parent of all."""
    started_at: datetime


def path_of(data: Path) -> Path:
    return data / "run" / "cloud.json"


def write(data: Path, run: RunFile) -> None:
    """Whole or not at all, readable by its owner only: the DSN may hold a password."""
    path = path_of(data)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")
    fresh.replace(path)


def read(data: Path) -> RunFile | None:
    """Who serves `data` now; None when nobody does, also where a killed run left its file."""
    try:
        run = msgspec.json.decode(path_of(data).read_bytes(), type=RunFile)
        os.kill(run.pids.get("up", 0) or -1, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return run


def remove(data: Path) -> None:
    path_of(data).unlink(missing_ok=True)


@contextmanager
def sole_owner(data: Path) -> Iterator[None]:
    """Holds the data folder. Raises Conflict where another process does; a killed one holds nothing."""
    folder = data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Conflict(
                f"{data} is served already, by process {lock.read().strip() or 'unknown'}; "
                f"stop that one or choose another folder with --data"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
