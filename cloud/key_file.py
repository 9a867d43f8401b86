"""Secret keys of the centre that are made at the first start and lie in files that only their owner can read."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog

from cloud.errors import CloudError

log = structlog.get_logger()


class KeyRefused(CloudError):
    """The key cannot be made or used; the message says what to do."""


def read_or_make(path: Path, make: Callable[[], bytes], *, purpose: str, setting: str) -> bytes:
    """What the file at `path` holds; `make` gives it the first time. Safe to call from many processes: all get one key.

    `purpose` ("that signs receipts") and `setting` (the configuration's name of the file) are for the sentences of
    KeyRefused: the file cannot be made or read, or others than its owner can read it.
    """
    try:
        if not path.exists():
            _write_once(path, make())
        if path.stat().st_mode & 0o077:
            raise KeyRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
        return path.read_bytes()
    except OSError as error:
        raise KeyRefused(
            f"{path}: the key {purpose} cannot be made or read: {error.strerror}; mend the folder, or name another by "
            f"{setting} or `data`"
        ) from error


def _write_once(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was faster: its key is everybody's
            os.link(unfinished, path)
            log.info("key_made", path=str(path))
    finally:
        unfinished.unlink(missing_ok=True)
