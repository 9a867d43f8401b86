"""A voice that is written down: a program named espeak-ng, before the system's own."""

import os
import time
from pathlib import Path

import pytest

PATIENCE_S = 10.0


class Recorded:
    """A program named espeak-ng that writes down what it was told to say."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "said"
        self._program = folder / "espeak-ng"
        self.behave(f'echo "$2 $(cat)" >> {self.path}')
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def behave(self, script: str) -> None:
        self._program.write_text(f"#!/bin/sh\n{script}\n")
        self._program.chmod(0o700)

    @property
    def said(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def until(self, count: int) -> list[str]:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.said) < count:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.01)
        return self.said

    @staticmethod
    def wait() -> None:
        """Between two looks of a loop."""
        time.sleep(0.01)
