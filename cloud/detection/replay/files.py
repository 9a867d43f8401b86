"""A whole replay: files -> columns -> the live detector's judgement, elder by elder -> alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud.detection.columns import Events, History, Readings, create_events, create_readings
from cloud.detection.episode import Standing
from cloud.detection.finding import Profile, Window
from cloud.detection.judging import judge
from cloud.detection.limits import Limits
from cloud.detection.replay.alerts_file import AlertRow, alert_rows
from cloud.detection.replay.csv_file import rows_of
from cloud.detection.replay.dirt import Dirt
from cloud.detection.replay.events_file import EventRows, read_events
from cloud.detection.replay.readings_file import ReadingRows, read_readings

_NOTHING_YET_US = -(1 << 60)


@dataclass(frozen=True)
class Elder:
    """One person of the files."""

    history: History
    profile: Profile


def read_elders(
    readings: Path, events: Path | None, profiles: Path | None, until_us: int | None
) -> tuple[dict[str, Elder], list[Dirt]]:
    """The people of the files, by id. Raises CloudError where a file is none."""
    dirt = [Dirt(str(readings))]
    measured = read_readings(readings, dirt[0], until_us)
    happened: Mapping[str, EventRows] = {}
    places: tuple[str, ...] = ()
    if events is not None:
        dirt.append(Dirt(str(events)))
        happened, places = read_events(events, dirt[-1], until_us)
    zones: Mapping[str, tzinfo] = {}
    if profiles is not None:
        dirt.append(Dirt(str(profiles)))
        zones = _read_zones(profiles, dirt[-1])
    elders: dict[str, Elder] = {}
    for elder in sorted({*measured, *happened}):
        rows, acts = measured.get(elder, ReadingRows()), happened.get(elder, EventRows())
        zone = zones.get(elder) or timezone(timedelta(seconds=min(rows.first, acts.first)[1]))
        history = History(_readings(rows, zone), _events(acts, places, zone))
        dirt[0].note("doubled", len(rows.at_us) - len(history.readings))
        if events is not None:
            dirt[1].note("doubled", len(acts.at_us) - len(history.events))
        elders[elder] = Elder(history, Profile(elder, zone))
    return elders, dirt


def replay(elders: Mapping[str, Elder], limits: Limits, until_us: int | None = None) -> list[AlertRow]:
    """The alerts until `until_us`; without it, until the newest row of all."""
    if until_us is None:
        until_us = max((_newest_us(elder.history) for elder in elders.values()), default=0)
    alerts: list[AlertRow] = []
    window = Window(_NOTHING_YET_US, until_us)
    for elder_id, elder in elders.items():
        judged = judge(elder.history, elder.profile, limits, standing=Standing(), window=window)
        alerts += alert_rows(elder_id, judged.steps, elder.profile.zone)
    return sorted(alerts)


def _newest_us(history: History) -> int:
    return max((int(rows.at_us[-1]) for rows in (history.readings, history.events) if len(rows)), default=0)


def _readings(rows: ReadingRows, zone: tzinfo) -> Readings:
    return create_readings(
        metric=rows.metric,
        value=rows.value,
        at_us=rows.at_us,
        arrived_us=rows.at_us,
        flags=rows.flags,
        meal=rows.meal,
        zone=zone,
    )


def _events(rows: EventRows, places: tuple[str, ...], zone: tzinfo) -> Events:
    return create_events(
        kind=rows.kind,
        place=rows.place,
        places=places,
        value=rows.value,
        at_us=rows.at_us,
        arrived_us=rows.at_us,
        zone=zone,
    )


def _read_zones(path: Path, dirt: Dirt) -> dict[str, tzinfo]:
    """elder_id,time_zone (an IANA name); other columns are not looked at."""
    zones: dict[str, tzinfo] = {}
    for line, (elder, name) in rows_of(path, ("elder_id",), ("time_zone",), dirt):
        if name.strip():
            try:
                zones[elder.strip()] = UTC if name.strip() == "UTC" else ZoneInfo(name.strip())
            except (ZoneInfoNotFoundError, ValueError, OSError):
                dirt.leave_out("time_zone is no IANA name such as Asia/Shanghai", line, [elder, name])
    return zones
