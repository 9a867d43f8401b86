"""What a process and its children cost, from /proc: processor seconds and peak memory; and what others took."""

import os
import time
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


class Others:
    """What processes that are not ours take of the machine: without it no figure says whether it was quiet."""

    def __init__(self, *ours: int) -> None:
        """`ours` with all that descend from them."""
        self._ours = ours
        self._began = time.monotonic()
        self._busy_s, self._own_s = _busy_s(), usage_of(*ours).cpu_s

    def percent(self) -> float:
        """Of all processors, since the beginning."""
        taken_s = (_busy_s() - self._busy_s) - (usage_of(*self._ours).cpu_s - self._own_s)
        processors_s = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return round(100 * max(taken_s, 0.0) / processors_s, 1)


def _busy_s() -> float:
    """Of all processors since the machine began; what a host takes away from a virtual machine is in it."""
    user, nice, system, _idle, _waiting, irq, softirq, steal, *_ = (
        int(value) for value in Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq + steal) / _TICKS_S
