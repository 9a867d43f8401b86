"""Runs a command that ends when its parent does: `python tether.py PARENT_PID COMMAND...`.

This small program asks the kernel for SIGTERM at the parent's death and becomes COMMAND. It is a program and not a
`preexec_fn`, because the parents have threads, and Python code between fork and exec may hang there. It uses the
standard library alone, since it runs without site-packages.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tethered(command: list[str]) -> list[str]:
    """`command` as a child of this process should be started, to end with it even on kill -9.

    Start it from a thread that lives as long as the process: the kernel means the thread when it says parent.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew of our wish
        sys.exit(0)
    os.execvp(command[0], command)  # noqa: S606 - a list, never a shell


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
