"""Showers -> elder_id,started_at,ended_at."""

import csv
from collections.abc import Mapping
from pathlib import Path

from cloud.detection.columns import moment_of
from cloud.detection.replay.files import Elder
from cloud.detection.shower.showers import showers

COLUMNS = ("elder_id", "started_at", "ended_at")


def write_showers(path: Path, elders: Mapping[str, Elder]) -> int:
    """Times on the home's clock; gives how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for elder_id, elder in sorted(elders.items()):
            for span in showers(elder.history.events):
                moments = (moment_of(us).astimezone(elder.profile.zone) for us in span)
                writer.writerow((elder_id, *(moment.isoformat(timespec="seconds") for moment in moments)))
                count += 1
    return count
