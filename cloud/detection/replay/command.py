"""What `doorstep-cloud replay` does: files in, a file of alerts out, and a report of what could not be taken."""

import time
from pathlib import Path

from cloud.detection.limits import load_limits
from cloud.detection.replay.alerts_file import write_alerts
from cloud.detection.replay.csv_file import moment_us
from cloud.detection.replay.dirt import Dirty
from cloud.detection.replay.files import read_elders, replay
from cloud.detection.replay.showers_file import write_showers
from cloud.errors import CloudError


def run(
    readings: Path,
    events: Path | None,
    out: Path,
    *,
    profiles: Path | None = None,
    until: str | None = None,
    showers: Path | None = None,
    limits_path: Path,
) -> str:
    """Writes `out` and `showers`, and gives the report for a person. Raises CloudError, ConfigurationError."""
    limits = load_limits(limits_path)
    until_us = None if until is None else _instant_us(until)
    begin = time.process_time()
    elders, dirt = read_elders(readings, events, profiles, until_us)
    read = time.process_time()
    alerts = replay(elders, limits, until_us)
    judged = time.process_time()
    write_alerts(out, alerts)
    taken = None if showers is None else write_showers(showers, elders)
    measured = sum(len(elder.history.readings) for elder in elders.values())
    happened = sum(len(elder.history.events) for elder in elders.values())
    lines = [one.said() for one in dirt]
    lines.append(
        f"{len(elders)} people, {measured} readings, {happened} events: {len(alerts)} alerts in {out} "
        f"(read in {read - begin:.1f} s, judged in {judged - read:.1f} s of processor time)"
    )
    if taken is not None:
        lines.append(f"{taken} showers in {showers}")
    return "\n".join(lines)


def _instant_us(text: str) -> int:
    try:
        return moment_us(text)[0]
    except Dirty as dirty:
        raise CloudError(
            f"--until: {dirty}; expected an instant with its offset such as 2026-03-01T00:00:00+08:00, got {text!r}"
        ) from dirty
