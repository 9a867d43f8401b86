"""Which release runs: one file that changes whole or not at all. What was installed by hand always stays beside it.

data/releases/state.json      this file: the switch
data/releases/VERSION/        a venv of its own; used only where its file `complete` is there, which comes last
data/releases/wheels/VERSION/ what was fetched
"""

import contextlib
import os
import secrets
from pathlib import Path

import msgspec
import structlog

_log = structlog.get_logger()

FOLDER = "releases"
WHEELS = "wheels"
_STATE = "state.json"
_COMPLETE = "complete"
MOST_STARTS = 3
"""So often the gateway begins with a release that is not proven; then it is left."""


class RefusedRelease(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    why: str


class Releases(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    current: str = ""
    """The version that runs; empty: what was installed by hand."""
    before: str = ""
    """Where to go back to; empty: what was installed by hand."""
    trial: bool = False
    """`current` has not been proven yet."""
    starts: int = 0
    """How often the gateway began with it meanwhile."""
    refused: RefusedRelease | None = None


def release_folder(data: Path, version: str) -> Path:
    return data / FOLDER / version


def python_of(data: Path, version: str) -> Path:
    return release_folder(data, version) / "bin" / "python"


def is_complete(data: Path, version: str) -> bool:
    return (release_folder(data, version) / _COMPLETE).exists() and python_of(data, version).exists()


def set_complete(data: Path, version: str) -> None:
    """From now on it may be used. Raises OSError."""
    _write(release_folder(data, version) / _COMPLETE, version.encode())


def read_releases(data: Path) -> Releases:
    """What was installed by hand, where the file is missing or damaged."""
    try:
        return msgspec.json.decode((data / FOLDER / _STATE).read_bytes(), type=Releases)
    except FileNotFoundError:
        return Releases()
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        _log.error("releases_unreadable", problem=str(error), what="what was installed by hand runs")
        return Releases()


def write_releases(data: Path, releases: Releases) -> None:
    """Raises OSError."""
    (data / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(data / FOLDER / _STATE, msgspec.json.format(msgspec.json.encode(releases)) + b"\n")


def gone_back(releases: Releases, why: str) -> Releases:
    """`current` was tried and failed."""
    _log.error("release_left", version=releases.current, back_to=releases.before or "installed by hand", why=why)
    refused = RefusedRelease(version=releases.current, why=why)
    return Releases(current=releases.before, before="", refused=refused)


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
