"""Room for what is measured while the centre is away."""

import os
from pathlib import Path

from edge.install.doctor.finding import Finding, Machine, ill

_PART = "disk"
_LEAST_FILES = 1000


def look(machine: Machine, data: Path) -> Finding:
    folder = next(folder for folder in (data, *data.parents) if folder.is_dir())
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes < machine.least_free_bytes:
        return ill(
            _PART,
            f"{free_bytes / 1e6:.0f} MB are free at {folder}, {machine.least_free_bytes / 1e6:.0f} MB are needed",
            "see what fills it (sudo du -xh / | sort -h | tail); sudo journalctl --vacuum-size=100M frees logs",
        )
    if disk.f_files > 0 and disk.f_favail < _LEAST_FILES:
        return ill(_PART, f"{disk.f_favail} more files can be made at {folder}", "remove small files that nobody needs")
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return ill(
            _PART, f"{folder} cannot be written: the card may be worn out", "start anew; if it stays, replace the card"
        )
    return Finding(part=_PART, says=f"{free_bytes / 1e9:.1f} GB free at {folder}")
