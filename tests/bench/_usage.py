"""What a process and its children cost, from /proc: processor seconds and peak memory."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    cpu_s: float
    """Since the processes began."""
    rss_mb: float
    """The sum of the peaks."""


def usage_of(*pids: int) -> Usage:
    """Of processes that live, and all that descend from them."""
    cpu_s, rss_mb = 0.0, 0.0
    for pid in with_children(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:  # it ended meanwhile
            continue
        cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS_S
        rss_mb += next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)
    return Usage(cpu_s, rss_mb)


def with_children(pids: tuple[int, ...]) -> list[int]:
    """`pids` and all that descend from them."""
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting.extend(int(child) for child in task.read_text(encoding="utf-8").split())
            except OSError:  # it ended meanwhile
                continue
    return found
