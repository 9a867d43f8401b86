"""Child processes that end with the demonstration, whatever ends it."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    """All children of one demonstration, stopped in the reverse order of their start."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

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
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raises ChildDied when a child has ended without being asked."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise ChildDied(
                    f"{child.name} ended with code {code}; its log {child.log} closes with:\n{child.last_words()}"
                )

    def stop(self, child: Child, within_s: float = 20.0) -> int:
        """Asks one child to end, and ends it when it does not. Returns its exit code."""
        if child in self._children:
            self._children.remove(child)
        if child.process.poll() is None:
            child.process.terminate()
        try:
            return child.process.wait(within_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
            return child.process.wait()

    def stop_all(self) -> None:
        for child in reversed(list(self._children)):
            self.stop(child)
