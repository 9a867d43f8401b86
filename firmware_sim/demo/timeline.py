"""The simulated hours of a demonstration: where they begin, and how they go on after a stop."""

import json
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_sim.demo.houses import TIME_ZONE
from protocols.simulated_time import TimeScale

MORNING = time(6, 30)


def begin(data: Path, speed: float, wall: datetime) -> TimeScale | None:
    """The line for a start at `wall` (UTC); None for speed 1, which is lived on the system's clock.

    A first start begins this morning; a later one goes on where the last one stood, since what a database holds cannot
    become the future.
    """
    if speed == 1:
        return None
    morning = datetime.combine(wall.astimezone(ZoneInfo(TIME_ZONE)).date(), MORNING, ZoneInfo(TIME_ZONE)).astimezone(
        UTC
    )
    return TimeScale(max(morning, _left_at(data) or morning), wall, speed)


def leave(data: Path, scale: TimeScale | None, wall: datetime) -> None:
    """Writes down how late it is, for the next start."""
    now = wall if scale is None else scale.simulated(wall)
    fresh = _file(data).with_suffix(".new")
    fresh.write_text(json.dumps({"left_at": now.isoformat()}), encoding="utf-8")
    fresh.replace(_file(data))


def _left_at(data: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(_file(data).read_text(encoding="utf-8"))["left_at"])
    except FileNotFoundError:
        return None


def _file(data: Path) -> Path:
    return data / "time.json"
