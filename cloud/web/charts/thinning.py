"""Fewer points that look the same: what a column of the paper shows of thousands of readings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    at_s: float
    value: float
    kind: str = ""
    """Points of one kind are drawn alike: an extreme of another kind does not stand for theirs."""


def thinned(points: Sequence[Point], columns: int) -> list[int]:
    """The places of those to draw, in order; all of them where there are no more than four a column.

    Each of the `columns` of equal time keeps its first, last, lowest and highest point of each kind, so that no
    extreme is lost and every gap keeps its edges.
    """
    if len(points) <= 4 * columns:
        return list(range(len(points)))
    begin = points[0].at_s
    width_s = (points[-1].at_s - begin) / columns or 1.0
    edges: dict[tuple[int, str], list[int]] = {}
    for place, point in enumerate(points):
        key = (min(int((point.at_s - begin) / width_s), columns - 1), point.kind)
        kept = edges.get(key)
        if kept is None:
            edges[key] = [place, place, place, place]
            continue
        kept[1] = place
        if point.value < points[kept[2]].value:
            kept[2] = place
        if point.value > points[kept[3]].value:
            kept[3] = place
    return sorted({place for kept in edges.values() for place in kept})
