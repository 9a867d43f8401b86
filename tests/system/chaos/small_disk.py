"""Mounts and ports of our own, which go with this process, and file systems to be filled: tmpfs of our own size."""

import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_BALLAST = "ballast"
_PAGES_LEFT = 64
"""Not taken at once but bit by bit, to the last byte."""


def enter_namespaces() -> str | None:
    """From now on mounts and ports of this process are seen by it and its children only, and go with them.

    Call it before any thread. A sentence where it cannot be done; None where it was.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS | _CLONE_NEWNET) != 0:
        return f"no namespaces of our own: {os.strerror(ctypes.get_errno())}"
    for command in (["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise OSError(f"{' '.join(command)}: {made.stderr.strip()}")
    return None


class SmallDisk:
    """A tmpfs of `megabytes` at `path`, which exists and is empty."""

    def __init__(self, path: Path, megabytes: int, mode: str) -> None:
        """Raises CalledProcessError where it cannot be mounted."""
        self.path = path
        options = f"size={megabytes}m,mode={mode}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True, capture_output=True)

    def fill(self) -> None:
        """To the last byte that it takes."""
        with (self.path / _BALLAST).open("ab", buffering=0) as file:
            free = os.statvfs(self.path)
            with contextlib.suppress(OSError):  # others write, too: less may be left than was just said
                os.posix_fallocate(file.fileno(), 0, max(1, (free.f_bavail - _PAGES_LEFT) * free.f_bsize))
            for block in (1 << 20, 65_536, 4_096, 1):
                with contextlib.suppress(OSError):  # there is no more room for so much
                    while True:
                        file.write(b"x" * block)

    def make_room(self) -> None:
        (self.path / _BALLAST).unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=False, capture_output=True)
