"""Under which names this gateway's connections are known to the broker.

A broker ends a session when another comes under the same name, before it looks at what that other may do. So the name
holds a secret that only this gateway and the broker know: an enrolled gateway that would take another's place cannot
say under which name that one is there. It is the same at each start: the broker keeps what waits for it. Never logged.
"""

import contextlib
import os
import secrets
from pathlib import Path

import structlog

_log = structlog.get_logger()

_NAME = "client.id"
_SECRET_BYTES = 16


def client_id(data: Path, gateway: str, line: str) -> str:
    """For the connection `line` (readings, alarm) of the gateway whose data folder is `data`.

    Safe to call from both processes: they get one secret. A disk that takes nothing gives one for this start alone.
    """
    try:
        secret = _read_or_make(data / _NAME)
    except OSError as error:
        _log.warning("client_id_not_kept", problem=str(error))
        secret = secrets.token_hex(_SECRET_BYTES)
    return f"{gateway}-{line}-{secret}"


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".{_NAME}.{secrets.token_hex(6)}")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # the other process was faster
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    found = path.read_text(encoding="ascii", errors="replace").strip()
    if len(found) != 2 * _SECRET_BYTES or not found.isalnum():  # a damaged one: what waits at the broker is sent again
        path.unlink()
        return _read_or_make(path)
    return found
