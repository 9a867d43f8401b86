"""Child processes that end with the demonstration, whatever ends it."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

_PATIENCE_S = 20.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class ChildDied(RuntimeError):
    """A part of the demonstration ended by itself; the message carries its last words."""


class Household:
    """All children of one demonstration. They start in waves, and the waves end in reverse, each all at once."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._waves: list[list[Child]] = [[]]
        logs.mkdir(parents=True, exist_ok=True)

    def begin_wave(self) -> None:
        """What is started from now on needs what was started before."""
        self._waves.append([])

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> Child:
        """Starts `command` in a session of its own, so that a Ctrl-C in the terminal reaches us alone."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread of ours runs yet when children start
            )
        child = Child(name, process, log)
        self._waves[-1].append(child)
        return child

    def check(self) -> None:
        """Raises ChildDied when a child has ended without being asked."""
        for child in chain(*self._waves):
            code = child.process.poll()
            if code is not None:
                raise ChildDied(
                    f"{child.name} ended with code {code}; its log {child.log} closes with:\n{child.last_words()}"
                )

    def stop(self, child: Child) -> int:
        """Asks one child to end, and ends it when it does not. Returns its exit code."""
        for wave in self._waves:
            if child in wave:
                wave.remove(child)
        _ask_to_end(child)
        return _end(child)

    def stop_all(self) -> None:
        while self._waves:
            wave = self._waves.pop()
            for child in wave:
                _ask_to_end(child)
            for child in wave:
                _end(child)


def _ask_to_end(child: Child) -> None:
    if child.process.poll() is None:
        child.process.terminate()


def _end(child: Child) -> int:
    try:
        return child.process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.process.pid, signal.SIGKILL)
        return child.process.wait()
