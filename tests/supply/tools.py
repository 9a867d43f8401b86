"""The two programs that do the work live apart, so that they are not in the list of what we are made of."""

import subprocess
import sys
import venv
from pathlib import Path

TOOLS = {"cyclonedx-bom": "7.5.0", "pip-audit": "2.10.1"}
_FOLDER = Path(sys.prefix) / "supply"


class ToolsMissing(RuntimeError):
    """They could not be installed; the message says what pip said."""


def tool(name: str) -> Path:
    """Path of one of their commands; installed at the first time. Raises ToolsMissing."""
    command = _FOLDER / "bin" / name
    if not command.exists():
        venv.create(_FOLDER, with_pip=True)
        wanted = [f"{package}=={version}" for package, version in TOOLS.items()]
        pip: list[str | Path] = [
            _FOLDER / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *wanted,
        ]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ToolsMissing(f"pip could not install {', '.join(wanted)}: {done.stderr.strip()[-400:]}")
    return command
