"""What the doctor found, and the machine that it looks at."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.install.unit import USER


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    part: str
    """What was looked at: radio, clock, disk ..."""
    well: bool = True
    says: str
    do: str = ""
    """What a person does about it; empty where it is well."""


def ill(part: str, says: str, do: str) -> Finding:
    return Finding(part=part, well=False, says=says, do=do)


@dataclass(frozen=True)
class Machine:
    """Where the doctor looks. Another root is another machine, for trying what cannot be broken here."""

    root: Path = Path("/")
    user: str = USER
    """As whom the gateway runs, where there is such a user."""
    least_free_bytes: int = 200_000_000

    def read(self, path: str) -> str:
        """The text of a file such as sys/class/rfkill/rfkill0/type, stripped; empty where there is none."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def folders(self, path: str) -> list[Path]:
        """What stands in a folder such as sys/class/bluetooth, in order."""
        folder = self.root / path
        return sorted(folder.iterdir()) if folder.is_dir() else []


def to_json(found: Iterable[Finding]) -> str:
    findings = list(found)
    return msgspec.json.encode({"well": all(one.well for one in findings), "findings": findings}).decode()
