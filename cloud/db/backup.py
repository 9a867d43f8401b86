"""A back-up: the whole database in one file, and what it must be restored with.

The file is an archive of pg_dump in its custom format, which pg_restore reads as it is, followed by one line of ours:
what the database was, and the SHA-256 of all before that line. So a file that was cut short or changed is told before
anything is restored, and so is a server that cannot hold it.
"""

import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cloud.db.pool import connection_settings
from cloud.errors import CloudError
from cloud.local.postgres_programs import program

MARK = b"\ndoorstep-backup "
_LONGEST_LINE = 65536
_CHUNK = 1 << 20


class BackupRefused(CloudError):
    """No back-up can be made here, or the file is none; the message says why and what to do."""


@dataclass(frozen=True)
class About:
    """The line at the end of a back-up."""

    made_at: str
    """ISO 8601, UTC."""
    postgres: int
    """Major version of the server."""
    timescaledb: str | None
    """Version of the extension in the database; None on plain PostgreSQL."""
    migrations: tuple[str, ...]
    """Our migrations that were applied (the job queue's are not among them)."""
    sha256: str
    """Of all bytes before the line, in hexadecimal."""


def back_up(dsn: str, file: Path) -> About:
    """Writes the database of `dsn` to `file`, readable by its owner only. The centre may go on working meanwhile.

    Whole or not at all. Raises BackupRefused, ProgramMissing, DatabaseAway and OSError.
    """
    if file.exists():
        raise BackupRefused(f"{file} is there already; name another file, or remove it")
    with psycopg.connect(dsn, autocommit=True, **connection_settings("backup")) as connection:
        if not _is_ours(connection):
            raise BackupRefused("the database holds nothing of Doorstep; is the address right?")
        postgres, timescaledb = server_of(connection), timescaledb_of(connection)
        migrations = own_migrations(connection)
    unfinished = file.with_name(f".{file.name}.unfinished")
    with open(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as archive:
        try:
            run_tool(
                [str(program("pg_dump", postgres)), "--format=custom", "--no-owner", "--no-privileges"], dsn, archive
            )
            archive.seek(0)
            about = About(
                datetime.now(UTC).isoformat(timespec="seconds"), postgres, timescaledb, migrations, _digest(archive)
            )
            archive.seek(0, os.SEEK_END)
            archive.write(MARK + json.dumps(asdict(about)).encode() + b"\n")
            archive.flush()
            os.fsync(archive.fileno())
            os.link(unfinished, file)  # unlike a renaming, never over a file that came meanwhile
        finally:
            unfinished.unlink(missing_ok=True)
    return about


def read_about(file: Path) -> About:
    """What `file` says of itself, its bytes compared with their digest. Raises BackupRefused and OSError."""
    with file.open("rb") as archive:
        size = archive.seek(0, os.SEEK_END)
        archive.seek(max(size - _LONGEST_LINE, 0))
        tail = archive.read()
        place = tail.rfind(MARK)
        if place < 0:
            raise BackupRefused(f"{file} is no whole back-up of `doorstep-cloud backup`: its last line is missing")
        try:
            fields = json.loads(tail[place + len(MARK) :])
            about = About(**{**fields, "migrations": tuple(fields["migrations"])})
        except (ValueError, TypeError, KeyError) as error:
            raise BackupRefused(f"{file}: its last line cannot be read; it was changed, or made otherwise") from error
        archive.seek(0)
        if _digest(archive, size - len(tail) + place) != about.sha256:
            raise BackupRefused(f"{file} was changed since it was made: its SHA-256 is another; use another back-up")
    return about


def run_tool(command: list[str], dsn: str, archive: IO[bytes] | None = None) -> None:
    """Runs pg_dump or pg_restore on the database of `dsn`, its output into `archive`.

    The password goes by the environment, since everybody on the machine may read a command line. Raises BackupRefused
    with the tool's first error.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(dsn))
    environment = {**os.environ, "PGAPPNAME": "doorstep-backup"}
    password = parts.pop("password", None)
    if password:
        environment["PGPASSWORD"] = str(password)
    address = make_conninfo("", **parts)
    done = subprocess.run(
        [*command, f"--dbname={address}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=archive or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        first = next((line for line in said if "error:" in line), said[-1])
        raise BackupRefused(f"{Path(command[0]).name} failed: {first}")


def server_of(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Major version of the server."""
    return connection.info.server_version // 10000


def timescaledb_of(connection: psycopg.Connection[tuple[Any, ...]]) -> str | None:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return None if row is None else str(row[0])


def own_migrations(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[str, ...]:
    found = connection.execute("SELECT name FROM schema_version WHERE name NOT LIKE '%/%' ORDER BY name").fetchall()
    return tuple(name for (name,) in found)


def _is_ours(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    row = connection.execute("SELECT to_regclass('schema_version') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def _digest(archive: IO[bytes], size: int | None = None) -> str:
    """SHA-256 of the next `size` bytes, or of all that follow."""
    digest = hashlib.sha256()
    left = size
    while chunk := archive.read(_CHUNK if left is None else min(_CHUNK, left)):
        digest.update(chunk)
        if left is not None:
            left -= len(chunk)
    return digest.hexdigest()
