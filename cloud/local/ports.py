"""TCP ports on one machine: which are free, and whose they are."""

import contextlib
import os
import socket
from pathlib import Path

_TRIES = 200


def free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """The first port from `wanted` upwards on which a server can listen at `host`; 0 takes any.

    Raises OSError where none of the next 200 is free.
    """
    for port in range(wanted, min(wanted + _TRIES, 65536)) if wanted else (0,):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port from {wanted} to {wanted + _TRIES - 1} on {host}")


def accepts(host: str, port: int, timeout_s: float = 0.5) -> bool:
    """Whether something answers a TCP connection there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False


_LISTEN = "0A"  # state in /proc/net/tcp


def listens(pid: int, port: int) -> bool:
    """Whether process `pid` itself serves `port`. Somebody else may have been faster to take a port that was free."""
    names = {f"socket:[{inode}]" for inode in _sockets_listening(port)}
    return any(name in names for name in _open_files(pid))


def _open_files(pid: int) -> list[str]:
    """What the process's descriptors point at; empty when it ended or is another user's."""
    found = []
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found.append(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    except (FileNotFoundError, PermissionError):
        return []
    return found


def _sockets_listening(port: int) -> list[str]:
    found = []
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:  # no IPv6 here
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.append(fields[9])
    return found
