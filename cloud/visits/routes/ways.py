"""Minutes from door to door: by the roads' file, by coordinates, or by a guess where neither is known. Pure but for
reading the file."""

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path

import numpy as np

from cloud.routes_config import Routes
from cloud.visits.planning.travel import EARTH_KM, Spot
from cloud.visits.routes.model import Door
from protocols.configuration import ConfigurationError

Roads = Mapping[tuple[str, str], float]


def read_roads(path: Path) -> dict[tuple[str, str], float]:
    """`from,to,minutes` by codes of homes; a team's office is `region CODE`. Raises ConfigurationError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return dict(_way(path, number, row) for number, row in enumerate(csv.reader(file), 1) if number > 1 and row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}; routes.roads names a CSV in UTF-8") from error


def _way(path: Path, number: int, row: list[str]) -> tuple[tuple[str, str], float]:
    try:
        start, end, text = (cell.strip() for cell in row)
        minutes = float(text)
    except ValueError:
        raise ConfigurationError(f"{path}: line {number}: expected from,to,minutes, got {','.join(row)!r}") from None
    if not (isfinite(minutes) and minutes >= 0):
        raise ConfigurationError(f"{path}: line {number}: expected minutes of 0 or more, got {text}")
    return (start, end), minutes


def travel_between(doors: Sequence[Door], routes: Routes, roads: Roads) -> list[list[float]]:
    """A row and a column each door. Two doors at one place are `stop_min` apart; a door from itself is not."""
    known = _centre([door.spot for door in doors if door.spot is not None])
    if known is None:
        rows = np.full((len(doors), len(doors)), routes.unknown_min)
    else:
        spots = [door.spot or known for door in doors]
        rows = routes.stop_min + 60.0 * routes.detour / routes.km_h * _air_lines_km(tuple(spots))
        nowhere = np.array([door.spot is None for door in doors])
        rows = np.where(nowhere[:, None] | nowhere[None, :], np.maximum(rows, routes.unknown_min), rows)
    np.fill_diagonal(rows, 0.0)
    minutes: list[list[float]] = rows.tolist()
    if roads:
        for i, a in enumerate(doors):
            for j, b in enumerate(doors):
                measured = roads.get((a.code, b.code), roads.get((b.code, a.code)))
                if measured is not None and i != j:
                    minutes[i][j] = measured
    return minutes


def _centre(spots: Sequence[Spot]) -> Spot | None:
    if not spots:
        return None
    return Spot(sum(s.latitude for s in spots) / len(spots), sum(s.longitude for s in spots) / len(spots))


@lru_cache(maxsize=4)
def _air_lines_km(spots: tuple[Spot, ...]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Haversine of all pairs."""
    latitude = np.radians([spot.latitude for spot in spots])
    longitude = np.radians([spot.longitude for spot in spots])
    north = np.sin((latitude[:, None] - latitude[None, :]) / 2) ** 2
    east = np.sin((longitude[:, None] - longitude[None, :]) / 2) ** 2
    share = np.clip(north + np.cos(latitude)[:, None] * np.cos(latitude)[None, :] * east, 0.0, 1.0)
    lines: np.ndarray[tuple[int, int], np.dtype[np.float64]] = 2 * EARTH_KM * np.arcsin(np.sqrt(share))
    return lines
