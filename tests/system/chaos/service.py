"""A process that is started again when it dies, as systemd would; all calls come from the main thread."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cloud.local.tether import tethered
from tests.system.chaos.households import ROOT

RESTART_S = 2.0
_PATIENCE_S = 30.0


class Service:
    """`command` and `environment` are asked at each start: addresses may have changed."""

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        log: Path,
        environment: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.name = name
        self.log = log
        self.starts = 0
        self.unasked_ends: list[int] = []
        """Exit codes of ends that no fault of ours made."""
        self.excused = False
        """While its disk is full: it may end then, and say why, as long as it comes back."""
        self.excused_ends = 0
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._again_at: float | None = None
        self._killed = False
        self._asked = False

    @property
    def pid(self) -> int | None:
        """None while it is down."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def start(self) -> None:
        self.starts += 1
        self._again_at, self._killed, self._asked = None, False, False
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(list(self._command())),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **self._environment()},
                start_new_session=True,
            )

    def look(self) -> bool:
        """Starts it again where it has been dead for a while. True when started."""
        if self._process is None or (code := self._process.poll()) is None:
            return False
        if self._again_at is None:
            self._again_at = time.monotonic() + RESTART_S
            if self.excused and not self._killed:
                self.excused_ends += 1
            elif not self._killed:
                self.unasked_ends.append(code)
        if time.monotonic() < self._again_at:
            return False
        self.start()
        return True

    def kill(self) -> bool:
        """kill -9. False where it was down anyway."""
        pid = self.pid
        if pid is None:
            return False
        self._killed = True
        os.kill(pid, signal.SIGKILL)
        return True

    def ask_to_stop(self) -> None:
        """Once: a second SIGTERM would hit a program that has put its handlers away already."""
        if self.pid is not None and not self._asked:
            self._asked = True
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> int | None:
        """Its exit code; None where it had to be killed, or never ran."""
        self.ask_to_stop()
        process = self._process
        self._process = None
        if process is None:
            return None
        try:
            return process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
