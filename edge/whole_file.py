"""Files that are there whole or not at all, whatever loses power when."""

import contextlib
import os
import secrets
import time
from pathlib import Path

_LONGEST_WRITE_S = 60.0


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """`data` is on the disk before it is seen at `path`; what was there before is replaced. Raises OSError.

    What an earlier writing left when it lost power is removed: it may hold a key.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    remove_left(path)
    sync_folder(path.parent)


def remove_left(path: Path) -> None:
    """What writings of `path` left that lost power: nobody else writes for so long."""
    for name in os.listdir(path.parent):
        if name.startswith(f".{path.name}."):
            with contextlib.suppress(OSError):  # somebody else removes it, or it is not ours
                left = path.parent / name
                if abs(time.time() - left.lstat().st_mtime) > _LONGEST_WRITE_S:
                    left.unlink()


def sync_folder(path: Path) -> None:
    """Names that were made or removed in the folder `path` stay so."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def hand_over(folder: Path) -> None:
    """What root made below `folder` becomes the folder's owner's; for anybody but root it does nothing.

    The gateway runs as a user of its own, and an installer's commands run as root.
    """
    if os.geteuid() != 0 or not folder.exists():
        return
    owner = folder.stat()
    for path in folder.rglob("*"):
        if path.lstat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
