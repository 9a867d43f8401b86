"""One demonstration at a time in one data folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderRefused(RuntimeError):
    """The data folder cannot be used; the message says why and what to do."""


@contextmanager
def sole_use(data: Path) -> Iterator[None]:
    """Makes and holds `data`. A second demonstration would take the first one's files from under it.

    Raises FolderRefused where another one holds it, or where it cannot be written. A killed one holds nothing.
    """
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (data / "lock").open("a")
    except OSError as error:
        raise FolderRefused(f"{data} cannot be used: {error.strerror}; choose another folder with --data") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderRefused(
                f"another demonstration runs in {data}; stop that one or choose another folder with --data"
            ) from None
        yield
