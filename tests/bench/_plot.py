"""A small line plot as SVG: both axes logarithmic, since sizes and times grow by factors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640.0, 320.0, 60.0, 130.0, 36.0, 44.0
_COLOURS = ("#0b6e4f", "#b5541c", "#3d5a99", "#7a3e8a")


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    """Both above 0."""


@dataclass(frozen=True)
class Plot:
    title: str
    across: str
    up: str
    lines: Sequence[Line]


def draw(plot: Plot) -> str:
    """The picture as text. Raises ValueError for a plot without points or with one that is not above 0."""
    xs = [x for line in plot.lines for x, _ in line.points]
    ys = [y for line in plot.lines for _, y in line.points]
    if not xs or min(*xs, *ys) <= 0:
        raise ValueError("expected points above 0")
    across, up = _Axis(xs, _LEFT, _WIDTH - _RIGHT), _Axis(ys, _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(plot.title)}</title>",
        f'<rect width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(plot.title)}</text>',
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 8:.0f}" text-anchor="middle">'
        f"{escape(plot.across)}</text>",
        f'<text transform="translate(14 {(_TOP + _HEIGHT - _BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(plot.up)}</text>",
        *_grid(across, up),
    ]
    for line, colour in zip(plot.lines, _COLOURS, strict=False):
        places = [(across.at(x), up.at(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(line.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Axis:
    """Powers of ten from below the least value to above the largest, laid from `start` to `end`."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low = floor(log10(min(values)))
        self.high = max(ceil(log10(max(values))), self.low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        return self._start + (log10(value) - self.low) / (self.high - self.low) * (self._end - self._start)

    def ticks(self) -> Iterator[float]:
        return (10.0**power for power in range(self.low, self.high + 1))


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for tick in across.ticks():
        x = across.at(tick)
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16:.0f}" text-anchor="middle">{tick:,.10g}</text>'
    for tick in up.ticks():
        y = up.at(tick)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{_LEFT - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{tick:,.10g}</text>'
