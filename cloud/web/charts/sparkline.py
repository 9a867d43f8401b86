"""A sparkline: the last weeks of the value that matters, with the elder's own band, no words."""

from dataclasses import dataclass
from datetime import datetime

from cloud.web.charts.paper import longest_usual_gap
from cloud.web.charts.scale import Line
from cloud.web.charts.thinning import Point, thinned

WIDTH, HEIGHT, _EDGE = 120.0, 56.0, 5.0
_COLUMNS = 60


@dataclass(frozen=True)
class Sparkline:
    path: str
    band: tuple[float, float] | None
    """Top and height."""
    last: tuple[float, float]
    width: float = WIDTH
    height: float = HEIGHT


def sparkline(values: list[tuple[datetime, float]], band: tuple[float, float] | None) -> Sparkline | None:
    """None where there is nothing to draw. `values` in order of time."""
    if not values:
        return None
    values = [values[place] for place in thinned([Point(at.timestamp(), value) for at, value in values], _COLUMNS)]
    numbers = [value for _, value in values] + list(band or ())
    across = Line(values[0][0].timestamp(), values[-1][0].timestamp(), _EDGE, WIDTH - _EDGE)
    up = Line(min(numbers), max(numbers), HEIGHT - _EDGE, _EDGE)
    longest = longest_usual_gap([at for at, _ in values])
    parts: list[str] = []
    previous: datetime | None = None
    for at, value in values:
        begins = previous is None or at - previous > longest
        parts.append(f"{'M' if begins else 'L'}{across.at(at.timestamp()):.1f} {up.at(value):.1f}")
        previous = at
    place = None if band is None else (up.at(band[1]), up.at(band[0]) - up.at(band[1]))
    return Sparkline("".join(parts), place, (across.at(values[-1][0].timestamp()), up.at(values[-1][1])))
