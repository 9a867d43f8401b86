"""The gateway's log for a person: the journal's lines, or a file's, each as moment, weight, event and its fields."""

import json
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from edge.errors import Permanent
from edge.install.service import UNIT_PATH, is_installed
from edge.install.unit import UNIT, configuration_in

_HEAVY = frozenset({"warning", "error", "critical"})
_HEAD = ("timestamp", "level", "event")


def read(file: Path | None, *, lines: int, follow: bool) -> Iterator[str]:
    """The newest `lines` of the file, or of the service's journal; with `follow` what comes after too.

    Raises Permanent with a sentence.
    """
    if file is not None and not file.is_file():
        raise Permanent(f"{file} is no file of log lines")
    command = (
        ["journalctl", "--unit", UNIT, "--output", "cat", "--no-pager", "--lines", str(lines)]
        if file is None
        else ["tail", "--lines", str(lines), "--", str(file)]
    )
    if follow:
        command.insert(1, "--follow")
    try:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as it:
            try:
                last: deque[str] = deque(maxlen=3)
                assert it.stdout is not None  # noqa: S101 - PIPE above
                for line in it.stdout:
                    last.append(line)
                    yield line.rstrip("\n")
            finally:
                it.terminate()
            assert it.stderr is not None  # noqa: S101 - PIPE above
            problem = it.stderr.read().strip()
    except OSError as error:
        raise Permanent(
            f"`{command[0]}` cannot be run ({error.strerror}); name a file of log lines with --file"
        ) from error
    if not last:
        where = "the journal of the service" if file is None else str(file)
        raise Permanent(f"no log: {problem or f'{where} is empty'}")


def need_service(config: Path, root: Path = Path("/")) -> None:
    """Raises Permanent where the service of this machine, whose log the journal has, runs with another file."""
    used = configuration_in((root / UNIT_PATH).read_text(encoding="utf-8")) if is_installed(root) else None
    if used is not None and used != config.resolve():
        raise Permanent(f"the service of this machine runs with {used}, not with {config}; name its log with --file")


def shown(line: str, *, as_json: bool, warnings: bool) -> str | None:
    """The line for a person, or as it is; None where it is not wanted. A line of others than the gateway is kept."""
    fields = _fields(line)
    if warnings and fields is not None and fields.get("level") not in _HEAVY:
        return None
    if as_json:
        return line if fields is not None else json.dumps({"event": line})
    if fields is None:
        return line
    at, level, event = (str(fields.pop(name, "")) for name in _HEAD)
    rest = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{at[:19].replace('T', ' ')} {level:7} {event} {rest}".rstrip()


def _fields(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
