"""`doorstep-edge service install`: the gateway as a service that systemd starts, watches and keeps apart."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edge.errors import Permanent
from edge.install.unit import UNIT, WANTED_GROUPS, sysusers_text, tmpfiles_text, unit_text
from edge.whole_file import write_whole

UNIT_PATH = Path("etc/systemd/system") / UNIT
_ANSWER_WITHIN_S = 120.0


@dataclass(frozen=True)
class Installed:
    files: tuple[Path, ...]
    changed: bool
    """Whether any of them was not as it is now."""
    started: bool


def install(config: Path, data: Path, root: Path = Path("/")) -> Installed:
    """Writes unit, user and folders below `root`. On the running system the user is made, and the service is started
    at once and at every start of the machine; where it runs and something changed, it is started anew. A second time
    it changes nothing.

    Raises Permanent with a sentence, and OSError.
    """
    program = Path(sys.executable).with_name("doorstep-edge")
    texts = {
        UNIT_PATH: unit_text(program, config, data, _groups(root)),
        Path("etc/sysusers.d/doorstep-edge.conf"): sysusers_text(data),
        Path("etc/tmpfiles.d/doorstep-edge.conf"): tmpfiles_text(config, data),
    }
    if root == Path("/") and not systemd_runs():
        raise Permanent(
            "systemd does not run here: start `doorstep-edge run` by other means, or write the files for another "
            "machine with --root DIR"
        )
    changed = [root / path for path, text in texts.items() if not _is(root / path, text)]
    for path, text in texts.items():
        if root / path in changed:
            (root / path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_whole(root / path, text.encode(), mode=0o644)
    started = False
    if root == Path("/"):
        for command in (
            ["systemd-sysusers", "/etc/sysusers.d/doorstep-edge.conf"],
            ["systemd-tmpfiles", "--create", "/etc/tmpfiles.d/doorstep-edge.conf"],
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", UNIT],
        ):
            _run(command)
        if config.exists():
            _run(["systemctl", "restart" if changed else "start", UNIT])
            started = True
    return Installed(tuple(root / path for path in texts), bool(changed), started)


def systemd_runs() -> bool:
    """As sd_booted(3) asks it."""
    return Path("/run/systemd/system").is_dir()


def is_installed(root: Path = Path("/")) -> bool:
    return (root / UNIT_PATH).exists()


def restart_if_installed() -> bool:
    """The running gateway takes up a changed configuration; False where it is no service here, and nothing was done.

    Raises Permanent with a sentence.
    """
    if not (systemd_runs() and is_installed()):
        return False
    _run(["systemctl", "restart", UNIT])
    return True


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Permanent(f"`{' '.join(command)}` cannot be run: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise Permanent(f"`{' '.join(command)}` says: {said or f'exit code {done.returncode}'}; are you root?")


def _is(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        return False


def _groups(root: Path) -> list[str]:
    """Those that the machine has."""
    try:
        lines = (root / "etc/group").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return list(WANTED_GROUPS[:2])
    there = {line.partition(":")[0] for line in lines}
    return [group for group in WANTED_GROUPS if group in there]
