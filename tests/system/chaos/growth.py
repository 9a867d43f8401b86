"""Memory, threads and open files of every process of a run, by what it is: before the breaking and after it."""

import contextlib
from dataclasses import dataclass

import psutil

from tests.system.chaos.stage import Stage

RSS_FACTOR, RSS_MB = 1.4, 30.0
"""So much more than before is growth, not breathing."""
MORE_FILES, MORE_THREADS = 12, 8
_STAGES = ("ingest", "detect", "visits", "alarms", "escalation", "web")
_MB = 1e6


@dataclass(frozen=True)
class Size:
    rss_mb: float
    files: int
    threads: int


def sizes(stage: Stage) -> dict[str, Size]:
    """By process; those of the database by number and sum."""
    found: dict[str, Size] = {}
    for service in stage.services.values():
        if service.pid is not None:
            _add_tree(found, service.name, service.pid)
    pid = stage.database_pid()
    with contextlib.suppress(psutil.Error):
        if pid is not None:
            children = psutil.Process(pid).children()
            found["database backends"] = Size(0.0, len(children), 0)
    return found


def complaints(before: dict[str, Size], after: dict[str, Size]) -> list[str]:
    """Sentences of what grew; processes that were there at both times."""
    said = []
    for name, then in before.items():
        now = after.get(name)
        if now is None:
            said.append(f"{name} is not there any more")
            continue
        if now.rss_mb > max(then.rss_mb * RSS_FACTOR, then.rss_mb + RSS_MB):
            said.append(f"{name} grew from {then.rss_mb:.0f} to {now.rss_mb:.0f} MB")
        if now.files > then.files + MORE_FILES:
            said.append(f"{name} has {now.files} files open, before {then.files}")
        if now.threads > then.threads + MORE_THREADS:
            said.append(f"{name} has {now.threads} threads, before {then.threads}")
    return said


def _add_tree(found: dict[str, Size], name: str, pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        found[name] = _size(process)
        for child in process.children():
            words = child.cmdline()
            role = next((word for word in words if word in (*_STAGES, "alarm")), None)
            if role is None and words:
                role = words[0].rpartition("/")[2]
            found[f"{name} / {role}"] = _size(child)


def _size(process: psutil.Process) -> Size:
    with process.oneshot():
        return Size(round(process.memory_info().rss / _MB, 1), process.num_fds(), process.num_threads())
