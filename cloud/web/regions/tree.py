"""Counts of regions -> the figures of one of them, rolled up, with small numbers hidden on every level. Pure.

A figure is hidden where it is small, where it would tell a small one beside it by the sum of both, and below a region
whose own is hidden: what a page hides, another page does not tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from cloud.errors import NotFound
from cloud.web.quality.small import LEAST, hidden
from cloud.web.regions.model import Counts, Figures, Line, Place, Shown

_COLUMNS = ("elders", "visits", "alerts", "alarms", "due")
_NONE: frozenset[str] = frozenset()


class Tree:
    """All regions that somebody sees, and what was counted in each."""

    def __init__(self, places: Sequence[Place], counts: Mapping[int, Counts]) -> None:
        self._places = {place.region_id: place for place in places}
        self._own = counts
        self._below: dict[int, list[Place]] = {}
        for place in places:
            if place.parent_id in self._places:
                self._below.setdefault(place.parent_id, []).append(place)
        self._sums: dict[int, Counts] = {}

    def tops(self) -> list[Place]:
        """The widest; mostly one."""
        return [place for place in self._places.values() if place.parent_id not in self._places]

    def figures(self, region_id: int) -> Figures:
        """Raises NotFound for a region that is not seen."""
        if region_id not in self._places:
            raise NotFound(f"There is no region {region_id} among yours.")
        way = self._way(region_id)
        veiled = frozenset(name for name in _COLUMNS if getattr(self._sum(way[0]), name) < LEAST)
        for place, next_place in pairwise(way):
            veiled = self._veils(place, veiled).get((next_place.region_id, False), _NONE)
        place = way[-1]
        veils = self._veils(place, veiled)
        lines = [
            Line(
                one, _shown(self._row(one, itself), veils[one.region_id, itself]), one.region_id in self._below, itself
            )
            for one, itself in self._rows(place)
        ]
        return Figures(tuple(way), _shown(self._sum(place), veiled), tuple(lines))

    def _way(self, region_id: int) -> list[Place]:
        way = [self._places[region_id]]
        while way[0].parent_id in self._places:
            way.insert(0, self._places[way[0].parent_id])
        return way

    def _sum(self, place: Place) -> Counts:
        if (known := self._sums.get(place.region_id)) is not None:
            return known
        found = self._own.get(place.region_id, Counts())
        for one in self._below.get(place.region_id, ()):
            found += self._sum(one)
        self._sums[place.region_id] = found
        return found

    def _rows(self, place: Place) -> Iterable[tuple[Place, bool]]:
        """Those right below `place`; and `place` itself (True), where homes stand in it and in none of those."""
        below = self._below.get(place.region_id, [])
        yield from ((one, False) for one in below)
        if below and self._own.get(place.region_id, Counts()) != Counts():
            yield place, True

    def _row(self, place: Place, itself: bool) -> Counts:
        return self._own.get(place.region_id, Counts()) if itself else self._sum(place)

    def _veils(self, place: Place, veiled: frozenset[str]) -> dict[tuple[int, bool], frozenset[str]]:
        """What is not shown of each row of `place`, of which `veiled` is not."""
        rows = {(one.region_id, itself): self._row(one, itself) for one, itself in self._rows(place)}
        found = {key: set(veiled) for key in rows}
        for name in _COLUMNS:
            for key in hidden({key: int(getattr(counts, name)) for key, counts in rows.items()}):
                found[key].add(name)
        return {key: frozenset(names) for key, names in found.items()}


def _shown(counts: Counts, veiled: frozenset[str]) -> Shown:
    values = {name: None if name in veiled else getattr(counts, name) for name in _COLUMNS}
    share = None if "due" in veiled or counts.due < LEAST else counts.kept / counts.due
    return Shown(**values, kept_share=share)
