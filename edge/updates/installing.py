"""Fetched wheels become a venv of their own beside what runs. Nothing that runs is touched."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from edge.errors import Temporary
from edge.updates.fetching import ReleaseUnusable
from edge.updates.launch import installed_python
from edge.updates.state import python_of, release_folder, set_complete
from protocols.releases.manifest import Wheel, parse_wheel_name

_PATIENCE_S = 1800.0
_SAID_BYTES = 400


async def install(data: Path, version: str, wheels: Sequence[Wheel], folder: Path, config: Path) -> None:
    """Makes the venv of `version` from `wheels` in `folder`, and lets it read `config`. Complete only at the very end.

    Raises ReleaseUnusable with what pip or the release said, Temporary, OSError.
    """
    target = release_folder(data, version)
    await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)
    python = str(python_of(data, version))
    needed = folder / "requirements.txt"
    needed.write_text(_requirements(wheels), encoding="utf-8")
    installed = installed_python()
    pip = [installed, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-input", "--python", python]
    what = ["--no-index", "--no-cache-dir", "--find-links", str(folder), "--require-hashes", "-r", str(needed)]
    await _run([installed, "-m", "venv", "--without-pip", str(target)], "its venv cannot be made")
    await _run([*pip, "install", *what], "it cannot be installed")
    said = await _run([python, "-P", "-m", "edge.processes", "check", str(config)], "it does not start")
    if said.split() != [version]:
        raise ReleaseUnusable(f"it says that it is {said.strip()[:_SAID_BYTES]!r}, not {version}")
    await asyncio.to_thread(os.sync)  # its files are on the disk before the word that they are
    set_complete(data, version)


def _requirements(wheels: Sequence[Wheel]) -> str:
    """All of it by digest: what is not listed is not installed."""
    digests: dict[str, list[str]] = {}
    for wheel in wheels:
        name = parse_wheel_name(wheel.file)
        digests.setdefault(f"{name.name}=={name.version}", []).append(f"--hash=sha256:{wheel.sha256}")
    return "".join(f"{needed} {' '.join(told)}\n" for needed, told in digests.items())


async def _run(command: list[str], failed: str) -> str:
    """What it printed. With the lowest priority: a call for help comes first. Killed when cancelled."""
    process = await asyncio.create_subprocess_exec(
        "nice",
        "-n",
        "19",
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    except TimeoutError as error:
        raise Temporary(f"{failed}: it takes too long", retry_after_s=3600.0) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        last = (complained or said).decode(errors="replace").strip()[-_SAID_BYTES:]
        raise ReleaseUnusable(f"{failed}: {last}")
    return said.decode(errors="replace")
