"""How long it takes from door to door, in minutes: from coordinates, or from a road matrix that was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, inf, radians, sin, sqrt

from cloud.visits.planning.model import PlanningError

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""


@dataclass(frozen=True)
class Spot:
    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.latitude <= 90.0 and -180.0 <= self.longitude <= 180.0):
            raise PlanningError("a place has degrees of latitude from -90 to 90, and of longitude from -180 to 180")


@dataclass(frozen=True)
class Pace:
    """From the great circle to the street: roads are longer than the air line, and each stop takes its time."""

    km_h: float = 20.0
    detour: float = 1.3
    stop_min: float = 2.0
    """Parking, stairs, the bell; not from a door to itself."""


def air_line_km(a: Spot, b: Spot) -> float:
    """Haversine."""
    north, east = radians(b.latitude - a.latitude) / 2, radians(b.longitude - a.longitude) / 2
    share = sin(north) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(share)))


def by_coordinates(spots: Sequence[Spot], pace: Pace | None = None) -> list[list[float]]:
    pace = pace or Pace()
    minutes = 60.0 * pace.detour / pace.km_h
    return [[0.0 if a == b else pace.stop_min + minutes * air_line_km(a, b) for b in spots] for a in spots]


def by_road(doors: Sequence[str], road_min: Mapping[tuple[str, str], float]) -> list[list[float]]:
    """`road_min` names minutes from door to door; where one direction is missing, the other stands for it."""
    rows = []
    for a in doors:
        row = []
        for b in doors:
            minutes = 0.0 if a == b else road_min.get((a, b), road_min.get((b, a), inf))
            if not 0.0 <= minutes < inf:
                raise PlanningError(f"the road matrix has no way from {a} to {b}")
            row.append(minutes)
        rows.append(row)
    return rows
