"""`python -m edge.updates.launch CONFIG`: becomes the gateway, of the release that is to run.

It belongs to what was installed by hand, which no update touches: systemd starts it, and the gateway itself where it
begins anew. A release that is not proven is counted here, left after some starts, and watched over (guard.py).
"""

import os
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import msgspec

from edge import structlog_alone  # noqa: F401 - before all that logs
from edge.logs import set_up_logs
from edge.updates.state import MOST_STARTS, Releases, gone_back, is_complete, python_of, read_releases, write_releases

INSTALLED = "DOORSTEP_INSTALLED"
"""The Python of what was installed by hand, told to whatever runs in its place."""
INSTALLED_VERSION = "DOORSTEP_INSTALLED_VERSION"
_DEFAULT_DATA = "/var/lib/doorstep-edge"
_DEFAULT_PROOF_S = 1800.0


def installed_python() -> str:
    return os.environ.get(INSTALLED) or sys.executable


def chosen(data: Path) -> Releases:
    """What to run now. One that is on trial is counted; after too many starts, or where it is damaged, it is left."""
    found = read_releases(data)
    if not found.current:
        return found
    told = found
    if not is_complete(data, found.current):
        told = gone_back(found, "its files are damaged")
    elif found.trial and found.starts >= MOST_STARTS:
        told = gone_back(found, f"the gateway began {found.starts} times with it and did not stay up")
    elif found.trial:
        told = msgspec.structs.replace(found, starts=found.starts + 1)
    if told.current and not is_complete(data, told.current):
        told = msgspec.structs.replace(told, current="")
    if told != found:
        write_releases(data, told)
    return told


def launch(config: Path) -> None:
    """Does not return."""
    data, proof_s = _data_and_proof(config)
    installed = installed_python()
    python = installed
    try:
        releases = chosen(data)
        if releases.current:
            python = str(python_of(data, releases.current))
        if releases.trial:
            _guard([installed, "-P", "-m", "edge.updates.guard", str(data), str(os.getpid()), str(proof_s)])
    except OSError as error:  # a full disk: what cannot be counted is not tried
        print(f"the release cannot be chosen ({error}); what was installed by hand runs", file=sys.stderr)
        python = installed
    os.environ |= {INSTALLED: installed, INSTALLED_VERSION: version("doorstep")}
    os.execv(python, [python, "-P", "-m", "edge.processes", "run", str(config)])  # noqa: S606 - we become it


def _data_and_proof(config: Path) -> tuple[Path, float]:
    """Read leniently: the file may have keys that only the release knows. What is wrong with it, the gateway says."""
    try:
        tables = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        tables = {}
    data, updates = tables.get("data", _DEFAULT_DATA), tables.get("updates", {})
    proof_s = updates.get("proof_within_s", _DEFAULT_PROOF_S) if isinstance(updates, dict) else _DEFAULT_PROOF_S
    usable = isinstance(proof_s, int | float) and proof_s > 0
    return config.resolve().parent / str(data), float(proof_s) if usable else _DEFAULT_PROOF_S


def _guard(command: list[str]) -> None:
    """As nobody's child, so that it leaves no trace when it ends."""
    child = os.fork()
    if child == 0:
        try:
            if os.fork() == 0:
                os.execv(command[0], command)  # noqa: S606 - our own process
        finally:
            os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    set_up_logs()
    launch(Path(sys.argv[1]))
