"""Points of assessments over the years, as a line to draw. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cloud.registry.elders.abilities.scales import Scale, most_points
from cloud.registry.elders.model import Assessed

WIDTH, HEIGHT = 320.0, 96.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 12.0, 44.0, 10.0, 20.0


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    points: int
    on: date


@dataclass(frozen=True)
class Trend:
    dots: tuple[Dot, ...]
    """From the oldest on; the space between them is the time between."""
    most: int
    change: int
    """Points since the assessment before; 0 where there is one only."""

    @property
    def path(self) -> str:
        return " ".join(f"{'M' if place == 0 else 'L'}{dot.x:.1f} {dot.y:.1f}" for place, dot in enumerate(self.dots))


def trend(assessed: Sequence[Assessed], scale: Scale) -> Trend | None:
    """Of those by `scale` that stand; None where there is none."""
    standing = sorted((one for one in assessed if one.scale == scale and not one.struck), key=_order)
    if not standing:
        return None
    first, last = standing[0].assessed_on, standing[-1].assessed_on
    days = max((last - first).days, 1)
    most = most_points(scale)
    dots = tuple(
        Dot(
            _LEFT + (WIDTH - _LEFT - _RIGHT) * ((one.assessed_on - first).days / days if last > first else 1),
            _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - one.points / most),
            one.points,
            one.assessed_on,
        )
        for one in standing
    )
    return Trend(dots, most, standing[-1].points - standing[-2].points if len(standing) > 1 else 0)


def _order(one: Assessed) -> tuple[date, int]:
    return one.assessed_on, one.ability_id
