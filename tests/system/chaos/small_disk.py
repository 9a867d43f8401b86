"""File systems of our own size, to be filled: tmpfs in a mount namespace that goes with this process."""

import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_BALLAST = "ballast"
_PAGES_LEFT = 64
"""Not taken at once but bit by bit, to the last byte."""


def enter_private_mounts() -> str | None:
    """From now on what this process mounts is seen by it and its children only, and goes with them.

    Call it before any thread. A sentence where it cannot be done; None where it was.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        return f"no mount namespace: {os.strerror(ctypes.get_errno())}"
    made = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    return made.stderr.strip() or None


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
