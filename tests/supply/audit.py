"""Known weaknesses of every package we use, by pip-audit. What could not be asked about is never called clean."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.supply.shipped import ALL, packages
from tests.supply.tools import tool

CLEAN, WEAK, NOT_KNOWN = 0, 1, 2


@dataclass(frozen=True)
class Audit:
    asked: int
    weak: tuple[str, ...]
    """Package, version, advisory, and the version that mends it."""
    unknown: tuple[str, ...]
    """Packages about which the advisories' service said nothing."""

    @property
    def code(self) -> int:
        if self.weak:
            return WEAK
        return NOT_KNOWN if self.unknown or not self.asked else CLEAN

    @property
    def sentence(self) -> str:
        if self.weak:
            return f"{len(self.weak)} known weaknesses"
        if self.code == NOT_KNOWN:
            known = self.asked - len(self.unknown)
            return f"not known: the advisories' service answered for {known} of {self.asked} packages"
        return f"no known weakness in {self.asked} packages"


def audit() -> Audit:
    """Raises ToolsMissing. A service that does not answer makes all packages unknown."""
    wanted = packages(ALL)
    with tempfile.TemporaryDirectory() as folder:
        listed, said = Path(folder) / "packages.txt", Path(folder) / "said.json"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in wanted.items()), encoding="utf-8")
        command: list[str | Path] = [
            tool("pip-audit"),
            "-r",
            listed,
            "--no-deps",
            "--disable-pip",
            "--progress-spinner",
            "off",
        ]
        subprocess.run([*command, "-f", "json", "-o", said], capture_output=True, check=False)
        try:
            document: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Audit(len(wanted), (), tuple(wanted))
    return read(document, wanted)


def read(document: dict[str, Any], wanted: dict[str, str]) -> Audit:
    """What pip-audit wrote about `wanted`. It calls "no known vulnerabilities" also what it could not ask about."""
    weak: list[str] = []
    known: set[str] = set()
    for each in document.get("dependencies", ()):
        if "vulns" not in each:
            continue
        known.add(each["name"])
        for found in each["vulns"]:
            mended = ", ".join(found.get("fix_versions", ())) or "nothing yet"
            weak.append(f"{each['name']} {each['version']}: {found['id']}, mended by {mended}")
    return Audit(len(wanted), tuple(weak), tuple(name for name in wanted if name not in known))
