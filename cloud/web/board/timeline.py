"""The day's time line over the promised visits: places only, drawn by the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cloud.web.board.model import BoardAlarm, BoardAlert, BoardVisit
from cloud.web.charts.scale import Line
from cloud.web.standing import Standing, standing

WIDTH, HEIGHT = 400.0, 82.0
_BEFORE, _AFTER = timedelta(hours=3), timedelta(hours=9)
_EDGE, _BASE, _STEP, _NEAR, _LANE = 14.0, 62.0, 13.0, 14.0, 9.0


@dataclass(frozen=True)
class Pin:
    x: float
    y: float
    visit: BoardVisit
    standing: Standing


@dataclass(frozen=True)
class Sign:
    """What began the visits to come: a call, or something noticed."""

    x: float
    what: Literal["call", "alert"]
    name: str


@dataclass(frozen=True)
class TimeLine:
    now_x: float
    hours: tuple[tuple[float, str], ...]
    pins: tuple[Pin, ...]
    signs: tuple[Sign, ...]
    later: int
    """Visits promised beyond the line's end."""
    width: float = WIDTH
    height: float = HEIGHT
    base: float = _BASE
    lane: float = _LANE
    """The height of the signs."""


def time_line(
    visits: Sequence[BoardVisit],
    now: datetime,
    zone: ZoneInfo,
    *,
    alarms: Sequence[BoardAlarm] = (),
    alerts: Sequence[BoardAlert] = (),
) -> TimeLine:
    """Three hours back to nine ahead. Pins that would cover each other are stacked; late ones keep to the edge.

    Of what was noticed and of calls only those within these three hours are shown.
    """
    begin, end = now - _BEFORE, now + _AFTER
    across = Line(begin.timestamp(), end.timestamp(), _EDGE, WIDTH - _EDGE)
    pins: list[Pin] = []
    shown = sorted((visit for visit in visits if visit.promised_by <= end), key=lambda visit: visit.promised_by)
    for visit in shown:
        x = across.within(visit.promised_by.timestamp())
        covered = sum(abs(pin.x - x) < _NEAR for pin in pins)
        pins.append(Pin(x, _BASE - 8 - min(covered, 2) * _STEP, visit, standing(visit, now)))
    hour = begin.astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = []
    while hour <= end:
        if hour.hour % 2 == 0:
            hours.append((across.at(hour.timestamp()), f"{hour:%H:%M}"))
        hour += timedelta(hours=1)
    signs = [
        *(
            Sign(across.at(one.raised_at.timestamp()), "alert", one.elder_name)
            for one in alerts
            if begin <= one.raised_at
        ),
        *(
            Sign(across.at(one.heard_at.timestamp()), "call", one.elder_name or one.home_code)
            for one in alarms
            if begin <= one.heard_at
        ),
    ]
    return TimeLine(across.at(now.timestamp()), tuple(hours), tuple(pins), tuple(signs), len(visits) - len(shown))
