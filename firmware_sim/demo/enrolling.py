"""The demonstration's gateways get what a home's get: a code from the centre, a certificate for it, the broker by TLS.

By the commands that an installer types, for all homes side by side. A second start finds the identities.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificate

from firmware_sim.demo.children import ChildDied
from firmware_sim.demo.houses import House

BIN = Path(sys.executable).parent
HOST = "localhost"
_ENDS_WITHIN_S = 60.0
_LEAST_LEFT = timedelta(days=1)
_PORTS = "ports.json"


def gateway_ports(data: Path) -> dict[str, int]:
    """Where broker and enrolment listen for gateways: drawn at the first start and kept while they are free, since
    homes know them."""
    path = data / _PORTS
    if not path.exists() or not all(_is_free(port) for port in json.loads(path.read_text(encoding="utf-8")).values()):
        with ExitStack() as probes:
            made = {}
            for name in ("broker_port", "enrol_port"):
                probe = probes.enter_context(socket.socket())
                probe.bind(("127.0.0.1", 0))
                made[name] = int(probe.getsockname()[1])
        path.write_text(json.dumps(made), encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def told_at_enrolment(house: House, authority: Path, broker_port: int) -> dict[str, Any] | None:
    """What the centre told this home's gateway when it was enrolled; None where it has to be enrolled: it never was,
    the centre is a new one or has moved, or the certificate is about to end."""
    identity = house.folder / "gateway" / "identity"
    try:
        certificate = load_pem_x509_certificate((identity / "identity.pem").read_bytes())
        told = dict(json.loads((identity / "settings.json").read_text(encoding="utf-8")))
        is_ours = authority.read_bytes() == (identity / "authority.pem").read_bytes()
    except (FileNotFoundError, ValueError):
        return None
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > _LEAST_LEFT
    return told if is_ours and lasts and told["broker"] == f"mqtts://{HOST}:{broker_port}" else None


def enrol(houses: Iterable[House], centre_config: Path, environment: Mapping[str, str]) -> None:
    """Draws a code for each gateway and enrols it. Raises ChildDied with what a command said."""
    homes = list(houses)
    claims = _all(
        [[BIN / "doorstep-cloud", "claim", house.gateway, "--config", centre_config, "--json"] for house in homes],
        environment,
    )
    codes = [json.loads(claim) for claim in claims]
    _all(
        [
            [BIN / "doorstep-edge", "enrol", "--config", house.edge_config, "--link", told["link"], "--json"]
            for house, told in zip(homes, codes, strict=True)
        ],
        environment,
    )


def _all(commands: Sequence[Sequence[str | Path]], environment: Mapping[str, str]) -> list[str]:
    """What each of them said, run side by side."""
    running = [
        subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        for command in commands
    ]
    said = []
    for command, process in zip(commands, running, strict=True):
        out, complaint = process.communicate(timeout=_ENDS_WITHIN_S)
        if process.returncode:
            raise ChildDied(f"`{' '.join(str(word) for word in command[:2])}` says: {complaint.strip()}")
        said.append(out)
    return said
