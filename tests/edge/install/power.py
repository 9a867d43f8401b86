"""A machine that loses power: commands of `doorstep-edge`, ended by SIGKILL before the n-th change that they make.

Commands run in forks of one process that has loaded all they need, so that a cut at each of their steps takes no
longer than a test may. A step is a change of names on the disk, or a connection. With the power go the contents of
files that nobody has synchronised.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LONG_AGO_S = 3600.0
"""A machine that lost power is not back within seconds."""
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chown"})
_ENDS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Ended:
    code: int
    """Exit code; -9: the power was cut."""
    said: str
    steps: int
    """How many there were; 0 where it was cut."""

    @property
    def was_cut(self) -> bool:
        return self.code == -signal.SIGKILL


class Powered:
    """Runs commands as they are typed, each in a process of its own. Nobody sits at a terminal."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.edge.install.power"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, *words: str | Path, below: Path, cut_at: int = 0, environment: Mapping[str, str] | None = None
    ) -> Ended:
        """`below`: the machine's disk. `cut_at` counts from 1; 0: the power stays."""
        told = {
            "words": [str(word) for word in words],
            "below": str(below),
            "cut_at": cut_at,
            "environment": dict(environment or {}),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_ENDS_WITHIN_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


def files_below(folder: Path) -> list[str]:
    """All files, by their paths from there."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class _Disk:
    """In the fork: counts the steps, and cuts."""

    def __init__(self, below: Path, cut_at: int) -> None:
        self._below = str(below.resolve())
        self._cut_at = cut_at
        self._cutting = False
        self.steps = 0
        self._safe = {path.stat().st_ino: _state(path) for path in below.rglob("*") if path.is_file()}
        self._synchronise = os.fsync
        os.fsync = self._fsync  # type: ignore[assignment]  # its argument is named otherwise
        sys.addaudithook(self._hear)

    def _fsync(self, file: Any) -> None:
        self._synchronise(file)
        found = os.fstat(file)
        self._safe[found.st_ino] = (found.st_size, found.st_mtime_ns)

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if self._cutting or not self._is_step(event, details):
            return
        self.steps += 1
        if self.steps == self._cut_at:
            self._cutting = True
            self._lose_power()

    def _is_step(self, event: str, details: tuple[Any, ...]) -> bool:
        if event == "socket.connect":
            return True
        if event == "open":  # in place: what is written beside and renamed counts when it is renamed
            path, _, flags = details
            name = path if isinstance(path, str) else os.fspath(path) if isinstance(path, Path) else ""
            writes = bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
            return writes and self._is_ours(name) and not os.path.basename(name).startswith(".")
        if event not in _CHANGES:
            return False
        path = os.fspath(details[0]) if isinstance(details[0], str | Path) else ""
        return self._is_ours(path) and (event == "os.mkdir") is not os.path.lexists(path)

    def _is_ours(self, path: str) -> bool:
        return os.path.abspath(path).startswith(self._below + os.sep)

    def _lose_power(self) -> None:
        for path in Path(self._below).rglob("*"):
            if not path.is_file():
                continue
            if ".db" not in path.name and self._safe.get(path.stat().st_ino) != _state(path):
                os.truncate(path, 0)  # SQLite synchronises its own
            long_ago_s = time.time() - LONG_AGO_S
            os.utime(path, (long_ago_s, long_ago_s))
        os.kill(os.getpid(), signal.SIGKILL)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _serve(asked: IO[str], answers: IO[str]) -> None:
    from edge import cli  # noqa: PLC0415 - in the process that is forked
    from edge.install import enrolling, pair_dialogue, replacing, service  # noqa: F401, PLC0415
    from edge.install.proving import command  # noqa: F401, PLC0415

    for line in asked:
        told = json.loads(line)
        said, counted = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            _become(told, said[1], counted[1], cli.main)
        os.close(said[1])
        os.close(counted[1])
        words, steps = _read(said[0]), _read(counted[0])
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(json.dumps({"code": code, "said": words, "steps": int(steps or 0)}) + "\n")
        answers.flush()


def _become(told: dict[str, Any], said: int, counted: int, main: Any) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, number in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(file, number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    os.environ.update(told["environment"])
    sys.argv = ["doorstep-edge", *told["words"]]
    signal.alarm(int(_ENDS_WITHIN_S))
    disk = _Disk(Path(told["below"]), told["cut_at"])
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(counted, str(disk.steps).encode())
        os._exit(code if isinstance(code, int) else 1)


def _read(pipe: int) -> str:
    with open(pipe, encoding="utf-8", errors="replace") as file:
        return file.read()


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
