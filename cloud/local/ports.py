"""Free TCP ports on one machine."""

import socket

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
