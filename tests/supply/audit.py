"""Known weaknesses of every package we use, by pip-audit. What could not be asked about is never called clean.

Two services are asked, PyPI's and then OSV's about what the first did not know; or a folder of advisories, where there
is no way to either.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.supply.advisories import look_up
from tests.supply.shipped import ALL, packages
from tests.supply.tools import tool

CLEAN, WEAK, NOT_KNOWN = 0, 1, 2
SERVICES = ("pypi", "osv")
_PATIENCE_S = 15
_FRESH = timedelta(days=31)
"""Older advisories do not say of today's packages that nothing is known."""


@dataclass(frozen=True)
class Audit:
    asked: int
    weak: tuple[str, ...]
    """Package, version, advisory, and the version that mends it."""
    unknown: tuple[str, ...]
    """Packages about which nobody said anything."""
    whom: str = "the advisories' service"
    """Who was asked."""

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
            return f"not known: {self.whom} answered for {known} of {self.asked} packages"
        return f"no known weakness in {self.asked} packages"


def audit() -> Audit:
    """Raises ToolsMissing. A service that does not answer makes all packages unknown."""
    wanted = packages(ALL)
    weak: tuple[str, ...] = ()
    unknown = tuple(wanted)
    for service in SERVICES:
        found = _ask(service, {name: wanted[name] for name in unknown})
        weak, unknown = (*weak, *found.weak), found.unknown
        if not unknown:
            break
    return Audit(len(wanted), weak, unknown, f"the advisories' services ({', '.join(SERVICES)})")


def audit_by(folder: Path, now: datetime) -> Audit:
    """By a folder of advisories (tests.supply.advisories). Raises OSError and ValueError."""
    wanted = packages(ALL)
    known = look_up(folder, wanted)
    if known.newest is None:
        return Audit(len(wanted), (), tuple(wanted), f"{folder}, which holds no advisories,")
    fresh = now - known.newest <= _FRESH
    whom = f"{known.advisories} advisories, the newest of {known.newest:%Y-%m-%d} and so too old for today,"
    return Audit(len(wanted), known.weak, () if fresh else tuple(wanted), whom)


def _ask(service: str, wanted: Mapping[str, str]) -> Audit:
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
            "--timeout",
            str(_PATIENCE_S),
            "-s",
            service,
        ]
        subprocess.run([*command, "-f", "json", "-o", said], capture_output=True, check=False)
        try:
            document: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Audit(len(wanted), (), tuple(wanted))
    return read(document, wanted)


def read(document: dict[str, Any], wanted: Mapping[str, str]) -> Audit:
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


def wall_now() -> datetime:
    return datetime.now(UTC)
