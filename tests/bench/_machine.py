"""What a figure was measured on, as every reader needs it, and nothing that names the machine."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def machine() -> dict[str, str | int]:
    """Processor, its cores that we may use, memory in whole GB, kernel, Python, and the day."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"Linux {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[1]:.1f}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.lower().startswith(("model name", "hardware")):
            return line.partition(":")[2].strip()
    return platform.machine()
