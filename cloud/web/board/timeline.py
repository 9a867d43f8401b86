"""The day's time line over the promised visits: places only, drawn by the template."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.web.board.model import BoardVisit
from cloud.web.charts.scale import Line
from cloud.web.standing import Standing, standing

WIDTH, HEIGHT = 400.0, 64.0
_BEFORE, _AFTER = timedelta(hours=2), timedelta(hours=10)
_EDGE, _BASE, _STEP, _NEAR = 14.0, 44.0, 13.0, 14.0


@dataclass(frozen=True)
class Pin:
    x: float
    y: float
    visit: BoardVisit
    standing: Standing


@dataclass(frozen=True)
class TimeLine:
    now_x: float
    hours: tuple[tuple[float, str], ...]
    pins: tuple[Pin, ...]
    later: int
    """Visits promised beyond the line's end."""
    width: float = WIDTH
    height: float = HEIGHT
    base: float = _BASE


def time_line(visits: list[BoardVisit], now: datetime, zone: ZoneInfo) -> TimeLine:
    """Two hours back to ten ahead. Pins that would cover each other are stacked; late ones keep to the edge."""
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
    return TimeLine(across.at(now.timestamp()), tuple(hours), tuple(pins), len(visits) - len(shown))
